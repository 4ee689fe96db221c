// The table of routes: "GET /api/v1/rooms/{room}/hls/{path...}". Every route
// is named once here and once in docs/openapi.yaml; a test compares the two.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/http/message.hpp"

namespace tongke::http {

/// Runs a handler on the thread that owns its state (empty: on the connection's own).
using Dispatch = std::function<void(std::function<void()>)>;

class Router {
  public:
    /// `pattern`: literal parts, {name} for one part, {name...} for all the rest.
    void add(std::string method, std::string pattern, Handler handler, Dispatch where = {});

    struct Route {
        std::string method, pattern;
        Handler handler;
        Dispatch where;
    };
    const std::vector<Route>& routes() const { return routes_; }

    /// Routes one request, whose captures it sets and which nobody changes afterwards; answers 404
    /// `not_found` or 405 with Allow itself.
    void handle(const std::shared_ptr<Request>& request, Reply reply) const;
    void handle(Request request, Reply reply) const {
        handle(std::make_shared<Request>(std::move(request)), std::move(reply));
    }

  private:
    std::vector<Route> routes_;
};

}  // namespace tongke::http
