// SPDX-License-Identifier: Apache-2.0
// MultipartReader takes a multipart body apart as it arrives (RFC 2046 5.1), in pieces of any size.
// It keeps no bytes of a part but those that may begin a delimiter. Text before the first part and
// behind the last is passed over; lines of a part's header may end in LF alone. Used by one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bucky::scp {

/// What a body consists of; called in order.
class MultipartParts {
public:
    virtual ~MultipartParts() = default;
    /// `type`: its Content-Type as it stands; empty: none.
    virtual void part_begins(std::string_view type) = 0;
    virtual void part_bytes(std::string_view bytes) = 0;
    virtual void part_ends() = 0;
};

class MultipartReader {
public:
    /// `boundary`: the parameter of the body's Content-Type, not empty.
    MultipartReader(std::string_view boundary, MultipartParts& parts);
    MultipartReader(const MultipartReader&) = delete;
    MultipartReader& operator=(const MultipartReader&) = delete;

    /// Throws bad_input when the header of a part has no end or there are too many parts, and what
    /// the calls of MultipartParts throw; the rest of the body cannot be read then.
    void take(std::string_view piece);

    bool is_in_part() const { return state_ == State::bytes || in_part_; }
    bool is_over() const { return state_ == State::epilogue; }  ///< the closing delimiter came
    std::size_t parts() const { return count_; }

private:
    enum class State { preamble, delimiter, headers, bytes, epilogue };

    void search(std::string_view& piece);
    void search_held(std::string_view& piece);
    void end_delimiter(std::string_view& piece);
    void read_header(std::string_view& piece);
    void take_line();
    void give(std::string_view bytes);
    void found();
    std::size_t begun_at_end_of(std::string_view bytes) const;

    const std::string delimiter_;  ///< CR LF -- boundary
    MultipartParts& parts_;
    State state_ = State::preamble;
    bool in_part_ = false;     ///< in State::delimiter: a part is open until the delimiter is one
    std::string held_;         ///< what may begin a delimiter, or follows one, or a header's line
    std::string type_;         ///< of the part whose header is read
    bool is_of_type_ = false;  ///< the last line was Content-Type: it may be folded
    std::size_t header_ = 0;   ///< bytes of this header
    std::size_t count_ = 0;
};

}  // namespace bucky::scp
