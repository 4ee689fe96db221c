// The data folder of one running relay: made when missing (mode 0700) and held
// by a lock, so that a second serve on the same data ends with a clear message.
#pragma once
#include <string>

namespace tongke::relay {

class DataFolder {
  public:
    /// Throws std::runtime_error: cannot be made, or another process serves from it.
    explicit DataFolder(std::string path);
    ~DataFolder();
    DataFolder(const DataFolder&) = delete;
    DataFolder& operator=(const DataFolder&) = delete;

    const std::string& path() const { return path_; }

  private:
    std::string path_;
    int lock_ = -1;
};

/// Makes the folder for the commands beside serve. Throws std::runtime_error.
void make_data_folder(const std::string& path);

}  // namespace tongke::relay
