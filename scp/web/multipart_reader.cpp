// SPDX-License-Identifier: Apache-2.0
#include "scp/web/multipart_reader.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "conf/base/error.h"
#include "conf/base/limits.h"

namespace bucky::scp {
namespace {

constexpr std::size_t kHeaderBytesMax = 16U << 10U;
constexpr std::size_t kPaddingMax = 64;  ///< blanks behind a delimiter (RFC 2046 5.1.1)

bool begins_as(std::string_view text, std::string_view name) {
    return text.size() >= name.size() &&
           std::equal(name.begin(), name.end(), text.begin(), [](char one, char other) {
               return one == std::tolower(static_cast<unsigned char>(other));
           });
}

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace

/// The body may begin with the delimiter, whose line break is then not there.
MultipartReader::MultipartReader(std::string_view boundary, MultipartParts& parts)
    : delimiter_(fmt::format("\r\n--{}", boundary)), parts_(parts), held_("\r\n") {}

void MultipartReader::take(std::string_view piece) {
    while (!piece.empty()) {
        switch (state_) {
            case State::preamble:
            case State::bytes: search(piece); break;
            case State::delimiter: end_delimiter(piece); break;
            case State::headers: read_header(piece); break;
            case State::epilogue: return;
        }
    }
}

void MultipartReader::search(std::string_view& piece) {
    if (!held_.empty()) return search_held(piece);
    const auto at = piece.find(delimiter_);
    if (at != std::string_view::npos) {
        give(piece.substr(0, at));
        piece.remove_prefix(at + delimiter_.size());
        return found();
    }
    const auto kept = begun_at_end_of(piece);
    give(piece.substr(0, piece.size() - kept));
    held_ = piece.substr(piece.size() - kept);
    piece = {};
}

/// As many bytes of the piece are looked at as decide whether what is held begins a delimiter.
void MultipartReader::search_held(std::string_view& piece) {
    const auto before = held_.size();
    const auto taken = std::min(piece.size(), delimiter_.size());
    held_ += piece.substr(0, taken);
    std::string both;
    both.swap(held_);
    if (const auto at = both.find(delimiter_); at != std::string::npos) {
        give(std::string_view{both}.substr(0, at));
        piece.remove_prefix(at + delimiter_.size() - before);
        return found();
    }
    const auto kept = begun_at_end_of(both);
    give(std::string_view{both}.substr(0, both.size() - kept));
    if (kept <= taken) {  // it is looked for again in the piece itself, which may be long
        piece.remove_prefix(taken - kept);
    } else {  // the piece is short: it may go on with the next
        held_ = both.substr(both.size() - kept);
        piece = {};
    }
}

/// So many bytes at the end are the beginning of a delimiter.
std::size_t MultipartReader::begun_at_end_of(std::string_view bytes) const {
    const std::string_view delimiter{delimiter_};
    for (auto size = std::min(bytes.size(), delimiter.size() - 1); size > 0; --size) {
        if (bytes.ends_with(delimiter.substr(0, size))) return size;
    }
    return 0;
}

void MultipartReader::found() {
    in_part_ = state_ == State::bytes;
    state_ = State::delimiter;
}

/// A delimiter ends with its line, the last one with two hyphens. Anything else is no delimiter:
/// another boundary may begin with this one.
void MultipartReader::end_delimiter(std::string_view& piece) {
    held_ += piece.front();
    piece.remove_prefix(1);
    const bool is_last = held_ == "--";
    const auto blanks = held_.find_first_not_of(" \t");
    const auto rest = std::string_view{held_}.substr(std::min(blanks, held_.size()));
    if (is_last || rest == "\r\n" || rest == "\n") {
        if (in_part_) parts_.part_ends();
        in_part_ = false;
        state_ = is_last ? State::epilogue : State::headers;
        held_.clear();
        header_ = 0;
        type_.clear();
        is_of_type_ = false;
        return;
    }
    const bool may_end =
        held_.size() <= kPaddingMax && (held_ == "-" || rest.empty() || rest == "\r");
    if (may_end) return;
    state_ = in_part_ ? State::bytes : State::preamble;
    in_part_ = false;
    std::string bytes;
    bytes.swap(held_);
    give(delimiter_);
    take(bytes);  // it is short, and the beginning of a delimiter at most
}

void MultipartReader::read_header(std::string_view& piece) {
    const auto end = std::min(piece.find('\n'), piece.size());
    header_ += std::min(end + 1, piece.size());
    if (header_ > kHeaderBytesMax) throw Error(Fault::bad_input, "a part's header has no end");
    held_ += piece.substr(0, end);
    const bool is_whole = end < piece.size();
    piece.remove_prefix(std::min(end + 1, piece.size()));
    if (is_whole) take_line();
}

void MultipartReader::take_line() {
    std::string line;
    line.swap(held_);
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty()) {
        if (++count_ > limits::kWebPartsMax) {
            throw Error(Fault::bad_input, "more than {} parts", limits::kWebPartsMax);
        }
        state_ = State::bytes;
        parts_.part_begins(type_);
        return;
    }
    constexpr std::string_view kType = "content-type:";
    const bool is_folded = line.front() == ' ' || line.front() == '\t';
    if (is_folded && is_of_type_) type_ += trimmed(line);
    if (is_folded) return;
    is_of_type_ = begins_as(line, kType);
    if (is_of_type_) type_ = trimmed(std::string_view{line}.substr(kType.size()));
}

void MultipartReader::give(std::string_view bytes) {
    if (state_ == State::bytes && !bytes.empty()) parts_.part_bytes(bytes);
}

}  // namespace bucky::scp
