// A configuration file (TOML) read section by section, each by its owner.
// What is missing keeps its default; what nobody asked for is an error that
// names file, line and the nearest known name. Problems are collected, so
// check-config shows all at once. Values never appear in a problem: some are
// secrets. Start-up code, one thread.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/values.hpp"

namespace tongke::config {

struct Problem {
    std::string file;  // path, or "--set section.key"
    int line = 0;      // 0 when there is no line
    std::string text;

    std::string to_string() const;  // "relay.toml:12: unknown key 'lisen' in [rtmp], did you mean 'listen'?"
};

class Document;

/// One table of the document, present or not.
class Section {
  public:
    bool present() const;
    const std::string& name() const { return name_; }  // dotted: "stream.main"
    std::string leaf() const;                          // "main"

    // Each takes over the value if the key is there and right; a wrong type or range is a problem.
    void read(std::string_view key, std::string& value);
    void read(std::string_view key, bool& value);
    void read(std::string_view key, int& value, int min, int max);
    void read(std::string_view key, std::int64_t& value, std::int64_t min, std::int64_t max);
    void read(std::string_view key, double& value, double min, double max);
    void read(std::string_view key, Address& value);
    void read(std::string_view key, std::vector<std::string>& value);
    /// Seconds as a number, or text with a unit: "500ms", "30s", "10m", "8h", "7d".
    void read(std::string_view key, Milliseconds& value, Milliseconds min, Milliseconds max);
    /// Bytes as a number, or text with a unit: "64KiB", "4MiB", "1GiB".
    void read_size(std::string_view key, std::uint64_t& value, std::uint64_t min, std::uint64_t max);
    /// One of the words.
    void read_choice(std::string_view key, std::string& value, const std::vector<std::string>& words);

    /// Asking makes it a known key.
    bool has(std::string_view key) const;
    Section section(std::string_view key) const;
    /// The tables below: [stream.NAME] for section("stream").
    std::vector<Section> sections() const;
    /// [[KEY]] in order.
    std::vector<Section> list(std::string_view key) const;

    /// A problem of the owner's own, placed at the key (or the section).
    void problem(std::string_view key, std::string text) const;

  private:
    friend class Document;
    struct Access;
    Section(std::shared_ptr<void> document, const void* table, std::string name);
    std::shared_ptr<void> document_;
    const void* table_;  // null when absent
    std::string name_;
};

class Document {
  public:
    /// An unreadable or unparsable file is a problem too, not an exception.
    static Document load(const std::string& path);
    static Document parse(std::string_view text, std::string file_name);

    /// "section.key=value": value as TOML, or plain text where it is none.
    void set(std::string_view assignment);
    Section root() const;

    /// All problems so far and every key that no owner asked for, in file order.
    /// Call it after the owners have read their sections.
    std::vector<Problem> problems() const;

    /// Dotted names of what owners have asked for, and of what the document holds.
    std::vector<std::string> known_keys() const;
    std::vector<std::string> present_keys() const;

  private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
    friend class Section;
};

/// The name with the smallest edit distance, "" when none is near (distance > 3 or > half its length).
std::string nearest_name(std::string_view word, const std::vector<std::string>& names);

}  // namespace tongke::config
