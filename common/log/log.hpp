// Logging: fmt-style, one line per event. Level by who must act: error = the
// operator now, warn = someone today, info = the story of the run.
// Credentials and personal data never appear in a line.
#pragma once
#include <fmt/core.h>

#include <string>
#include <string_view>

namespace tongke::log {

enum class Level { debug, info, warn, error };

/// `file` empty: stderr. May be called again (SIGHUP), from any thread, to change level or reopen.
/// Throws std::exception when the file cannot be opened; then nothing changed.
void configure(Level level, const std::string& file = {});
/// The same for a program that runs: where the file cannot be opened it says so, and the old one stays.
void reconfigure(Level level, const std::string& file);
bool enabled(Level level);
void write(Level level, std::string_view component, std::string_view message);

template <class... Args>
void debug(std::string_view component, fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(Level::debug))
        write(Level::debug, component, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void info(std::string_view component, fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(Level::info)) write(Level::info, component, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void warn(std::string_view component, fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(Level::warn)) write(Level::warn, component, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void error(std::string_view component, fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(Level::error))
        write(Level::error, component, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace tongke::log
