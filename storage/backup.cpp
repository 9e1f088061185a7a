// SPDX-License-Identifier: Apache-2.0
#include "storage/backup.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <set>
#include <string>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/base/error.h"
#include "storage/site.h"
#include "storage/site_register.h"
#include "storage/statements.h"

namespace bucky::storage {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDatabase = Site::kDatabaseName;
constexpr const char* kUnfinished = "bucky.db.unfinished";
constexpr const char* kLock = "lock";  // of the node in a data folder
constexpr const char* kUnfinishedFile = ".unfinished";

constexpr const char* kRegister = SiteRegister::kFileName;
/// Small files of a node that invites sites, and of one that is such a site.
constexpr std::array kSmallFolders{"authority", "site"};

/// Studies may be removed while files are copied. Each further try copies only what changed.
constexpr int kTriesMax = 10;

/// Another process may be finishing a checkpoint.
constexpr int kBusyTimeoutMs = 10'000;

constexpr Sql kFiles{"backup.files", R"sql(
    SELECT 'spool/' || file, size_bytes FROM instance
    UNION ALL SELECT 'results/' || file, size_bytes FROM result)sql"};
constexpr Sql kSound{"backup.sound", "PRAGMA quick_check(1)"};

constexpr Sql kAll[] = {kFiles, kSound};

Fault fault_of(const std::error_code& error) {
    const bool is_full = error == std::errc::no_space_on_device ||
                         error == std::error_code{EDQUOT, std::generic_category()};
    return is_full ? Fault::exhausted : Fault::unavailable;
}

[[noreturn]] void throw_system(std::string_view doing, const fs::path& file, int error) {
    const std::error_code code{error, std::generic_category()};
    throw Error(fault_of(code), "cannot {} {}: {}", doing, file.string(), code.message());
}

/// A database of any schema version that is copied and not used. Closing a node's own database
/// leaves its log as it is, even when this is the last connection.
class Plain {
public:
    Plain(const fs::path& file, int flags) : file_(file) {
        sqlite3* made = nullptr;
        const int opened =
            sqlite3_open_v2(file.c_str(), &made, flags | SQLITE_OPEN_NOMUTEX, nullptr);
        db_.reset(made);
        check(opened, "open");
        sqlite3_busy_timeout(made, kBusyTimeoutMs);
        if (flags == SQLITE_OPEN_READONLY) {
            sqlite3_db_config(made, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
        }
    }

    sqlite3* get() const { return db_.get(); }

    void check(int code, std::string_view doing) const {
        if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return;
        const int kind = code & 0xFF;
        const bool is_broken = kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB;
        throw Error(is_broken             ? Fault::corrupt
                    : kind == SQLITE_FULL ? Fault::exhausted
                                          : Fault::unavailable,
                    "cannot {} {}: {}", doing, file_.string(), sqlite3_errstr(code));
    }

    /// Calls row(text of column 0, number of column 1) for each row.
    template <typename Row>
    void each(const Sql& sql, const Row& row) const {
        sqlite3_stmt* raw = nullptr;
        check(sqlite3_prepare_v2(get(), sql.text.data(), static_cast<int>(sql.text.size()), &raw,
                                 nullptr),
              "read");
        const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement{raw,
                                                                              sqlite3_finalize};
        int code = SQLITE_ROW;
        while ((code = sqlite3_step(raw)) == SQLITE_ROW) {
            const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(raw, 0));
            row(std::string{text == nullptr ? "" : text}, sqlite3_column_int64(raw, 1));
        }
        check(code, "read");
    }

private:
    fs::path file_;
    std::unique_ptr<sqlite3, int (*)(sqlite3*)> db_{nullptr, sqlite3_close};
};

struct Fd {
    int number;
    explicit Fd(int opened) : number(opened) {}
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    ~Fd() {
        if (number >= 0) ::close(number);
    }
};

void sync(const fs::path& path) {
    const Fd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (fd.number < 0 || ::fsync(fd.number) != 0) throw_system("sync", path, errno);
}

void make_folder(const fs::path& folder) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (!error) fs::permissions(folder, fs::perms::owner_all, error);
    if (error) throw_system("make", folder, error.value());
}

void write_all(int fd, const char* bytes, std::size_t count, const fs::path& file) {
    while (count > 0) {
        const auto written = ::write(fd, bytes, count);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) throw_system("write", file, errno);
        bytes += written;
        count -= static_cast<std::size_t>(written);
    }
}

/// False when `from` does not exist (any more).
bool copy_durably(const fs::path& from, const fs::path& to) {
    const Fd in{::open(from.c_str(), O_RDONLY | O_CLOEXEC)};
    if (in.number < 0 && errno == ENOENT) return false;
    if (in.number < 0) throw_system("read", from, errno);
    const fs::path unfinished = to.string() + kUnfinishedFile;
    const Fd out{::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
    if (out.number < 0) throw_system("write", unfinished, errno);
    std::array<char, 1U << 17U> bytes;
    while (true) {
        const auto got = ::read(in.number, bytes.data(), bytes.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) throw_system("read", from, errno);
        if (got == 0) break;
        write_all(out.number, bytes.data(), static_cast<std::size_t>(got), unfinished);
    }
    if (::fdatasync(out.number) != 0) throw_system("sync", unfinished, errno);
    if (::rename(unfinished.c_str(), to.c_str()) != 0) throw_system("name", to, errno);
    return true;
}

/// The names that a backup may have written into its folder.
bool is_ours(const std::string& name) {
    return name == "spool" || name == "results" || name.starts_with(kDatabase) ||
           name.starts_with(kRegister) || std::ranges::count(kSmallFolders, name) > 0;
}

void check_folder(const fs::path& data_dir, const fs::path& to) {
    const auto source = fs::weakly_canonical(data_dir);
    const auto target = fs::weakly_canonical(to);
    const auto end = std::mismatch(source.begin(), source.end(), target.begin(), target.end());
    if (end.first == source.end()) {
        throw Error(Fault::bad_input, "{} lies in the data folder {}: name another one",
                    to.string(), data_dir.string());
    }
    std::error_code error;
    if (fs::exists(to / kLock, error)) {
        throw Error(Fault::bad_input, "{} is the data folder of a node: name another one",
                    to.string());
    }
    for (fs::directory_iterator entry(to, error), last; !error && entry != last;
         entry.increment(error)) {
        const auto name = entry->path().filename().string();
        if (is_ours(name)) continue;
        throw Error(Fault::bad_input,
                    "{} holds {}, which is of no backup: name an empty folder, or that of an "
                    "earlier backup",
                    to.string(), name);
    }
    if (error && error != std::errc::no_such_file_or_directory) {
        throw_system("read", to, error.value());
    }
}

/// Copies all pages in one step: a reader of a write-ahead log blocks no writer, and a copy in
/// several steps would restart with every commit of the node.
void copy_database(const fs::path& from, const fs::path& to) {
    std::error_code ignored;
    for (const auto* rest : {"", "-wal", "-shm", "-journal"})
        fs::remove(to.string() + rest, ignored);
    const Plain source{from, SQLITE_OPEN_READONLY};
    const Fd made{::open(to.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600)};
    if (made.number < 0) throw_system("write", to, errno);
    const Plain target{to, SQLITE_OPEN_READWRITE};
    sqlite3_backup* copy = sqlite3_backup_init(target.get(), "main", source.get(), "main");
    if (copy == nullptr) target.check(sqlite3_errcode(target.get()), "write");
    int code = SQLITE_OK;
    do {
        code = sqlite3_backup_step(copy, -1);
        if (code == SQLITE_BUSY || code == SQLITE_LOCKED) sqlite3_sleep(10);
    } while (code == SQLITE_BUSY || code == SQLITE_LOCKED);
    (void)sqlite3_backup_finish(copy);
    target.check(code, "copy the database into");
    target.each(kSound, [&](const std::string& said, std::int64_t) {
        if (said != "ok") throw Error(Fault::corrupt, "{}: {}", from.string(), said);
    });
}

struct Named {
    std::string file;  ///< relative to the data folder
    std::uint64_t bytes;
};

std::vector<Named> files_named_in(const fs::path& database) {
    std::vector<Named> files;
    Plain{database, SQLITE_OPEN_READWRITE}.each(kFiles, [&](std::string file, std::int64_t bytes) {
        files.push_back({std::move(file), static_cast<std::uint64_t>(bytes)});
    });
    return files;
}

bool is_there(const fs::path& file, std::uint64_t bytes) {
    std::error_code missing;
    return fs::file_size(file, missing) == bytes && !missing;
}

/// False when a file was removed meanwhile.
bool copy_files(const fs::path& data_dir, const fs::path& to, const std::vector<Named>& files,
                BackedUp& done) {
    std::set<fs::path> folders;
    for (const auto& [file, bytes] : files) {
        if (is_there(to / file, bytes)) continue;
        const auto folder = (to / file).parent_path();
        if (folders.insert(folder).second) make_folder(folder);
        if (!copy_durably(data_dir / file, to / file)) return false;
        ++done.copied;
        done.bytes += bytes;
    }
    for (const auto& folder : folders) sync(folder);
    for (const auto* below : {"spool", "results"}) sync(to / below);
    return true;
}

/// Certificates change under their names, so these are copied each time.
void copy_small_folder(const fs::path& from, const fs::path& to) {
    std::error_code none;
    if (!fs::is_directory(from, none)) return;
    make_folder(to);
    for (const auto& entry : fs::directory_iterator{from}) {
        const auto name = entry.path().filename();
        if (entry.is_regular_file()) (void)copy_durably(entry.path(), to / name);
    }
    sync(to);
}

/// The authority first: a certificate that the copy of the register does not know is only one that
/// must be asked for again.
void copy_register(const fs::path& data_dir, const fs::path& to) {
    for (const auto* folder : kSmallFolders) copy_small_folder(data_dir / folder, to / folder);
    std::error_code none;
    if (!fs::exists(data_dir / kRegister, none)) return;
    const fs::path unfinished = to / (std::string{kRegister} + kUnfinishedFile);
    copy_database(data_dir / kRegister, unfinished);
    sync(unfinished);
    if (::rename(unfinished.c_str(), (to / kRegister).c_str()) != 0) {
        throw_system("name", to / kRegister, errno);
    }
}

void remove_others(const fs::path& to, const std::vector<Named>& files, BackedUp& done) {
    std::set<std::string> named;
    for (const auto& one : files) named.insert((to / one.file).string());
    for (const auto* below : {"spool", "results"}) {
        std::vector<fs::path> others;
        for (const auto& entry : fs::recursive_directory_iterator{to / below}) {
            if (entry.is_regular_file() && !named.contains(entry.path().string())) {
                others.push_back(entry.path());
            }
        }
        std::error_code left_behind;  // a file that stays costs only space
        for (const auto& file : others) done.removed += fs::remove(file, left_behind) ? 1 : 0;
    }
}

}  // namespace

std::span<const Sql> backup_statements() {
    return kAll;
}

BackedUp back_up(const fs::path& data_dir, const fs::path& to) {
    check_folder(data_dir, to);
    for (const auto& folder : {to, to / "spool", to / "results"}) make_folder(folder);
    copy_register(data_dir, to);
    const auto unfinished = to / kUnfinished;
    BackedUp done;
    for (int attempt = 1;; ++attempt) {
        copy_database(Site{data_dir}.database_file(), unfinished);
        const auto files = files_named_in(unfinished);
        done.files = static_cast<std::int64_t>(files.size());
        if (!copy_files(data_dir, to, files, done)) {
            if (attempt < kTriesMax) continue;
            throw Error(Fault::unavailable,
                        "files that the database names left {} times while they were copied: are "
                        "they missing from {}?",
                        kTriesMax, data_dir.string());
        }
        sync(unfinished);
        if (::rename(unfinished.c_str(), (to / kDatabase).c_str()) != 0) {
            throw_system("name", to / kDatabase, errno);
        }
        sync(to);
        remove_others(to, files, done);
        return done;
    }
}

}  // namespace bucky::storage
