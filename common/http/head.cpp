#include "common/http/head.hpp"

#include <ctime>

namespace tongke::http {
namespace {

bool has_no_body(int status) { return status < 200 || status == 204 || status == 304; }

/// IMF-fixdate (RFC 9110 §5.6.7), made once a second per thread.
const std::string& date_now() {
    thread_local std::time_t made_at = 0;
    thread_local std::string text;
    const auto now = std::time(nullptr);
    if (now != made_at) {
        std::tm parts{};
        gmtime_r(&now, &parts);
        char out[64];
        text.assign(out, std::strftime(out, sizeof out, "%a, %d %b %Y %H:%M:%S GMT", &parts));
        made_at = now;
    }
    return text;
}

void append(std::string& head, std::string_view name, std::string_view value) {
    (((head += name) += ": ") += value) += "\r\n";
}

}  // namespace

std::string_view reason_phrase(int status) {
    switch (status) {
        case 100: return "Continue";
        case 200: return "OK";
        case 201: return "Created";
        case 202: return "Accepted";
        case 204: return "No Content";
        case 206: return "Partial Content";
        case 301: return "Moved Permanently";
        case 302: return "Found";
        case 303: return "See Other";
        case 304: return "Not Modified";
        case 307: return "Temporary Redirect";
        case 308: return "Permanent Redirect";
        case 400: return "Bad Request";
        case 401: return "Unauthorized";
        case 403: return "Forbidden";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 408: return "Request Timeout";
        case 409: return "Conflict";
        case 410: return "Gone";
        case 413: return "Content Too Large";
        case 415: return "Unsupported Media Type";
        case 421: return "Misdirected Request";
        case 422: return "Unprocessable Content";
        case 429: return "Too Many Requests";
        case 431: return "Request Header Fields Too Large";
        case 500: return "Internal Server Error";
        case 501: return "Not Implemented";
        case 502: return "Bad Gateway";
        case 503: return "Service Unavailable";
        case 504: return "Gateway Timeout";
        case 505: return "HTTP Version Not Supported";
        default: return "Status";
    }
}

ByteView response_body(const Response& response) {
    if (has_no_body(response.status)) return {};
    if (response.shared) return response.shared->view();
    return as_bytes(response.text);
}

std::string response_head(const Response& response, bool keep_alive) {
    std::string head = "HTTP/1.1 " + std::to_string(response.status) + ' ';
    head.reserve(512);
    (head += reason_phrase(response.status)) += "\r\n";
    head += response.headers.text();
    append(head, "Date", date_now());
    if (!response.stream && !has_no_body(response.status))
        append(head, "Content-Length", std::to_string(response_body(response).size()));
    append(head, "Connection", keep_alive ? "keep-alive" : "close");
    return head += "\r\n";
}

}  // namespace tongke::http
