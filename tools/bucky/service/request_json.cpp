// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/service/request_json.h"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "conf/base/error.h"
#include "conf/base/printable.h"

namespace bucky::service {
namespace {

using nlohmann::json;

constexpr std::size_t kLevelsMax = 16;   // "data" of five dimensions is at level 8
constexpr std::size_t kTensorsMax = 16;  // of inputs, and of outputs
constexpr std::size_t kDimensionsMax = 8;
constexpr std::size_t kTextBytesMax = 256;  // of an id, a name, a key

constexpr std::string_view kData = ".inputs[].data[";

[[noreturn]] void refuse(std::string_view path, std::string_view words) {
    throw Error(Fault::bad_input, "{}: {}", path.empty() ? "the request" : path.substr(1), words);
}

/// Knows where it is by a path such as ".inputs[].shape[]". Keys cannot contain the signs that
/// paths are made of.
class Reader final : public nlohmann::json_sax<json> {
public:
    Reader(RequestJson& request, std::size_t values_max)
        : request_(request), values_left_(values_max) {}

    bool null() override { return true; }

    bool boolean(bool value) override {
        if (path_ == ".parameters.binary_data_output") request_.binary_output = value;
        if (path_ == ".outputs[].parameters.binary_data") request_.outputs.back().is_binary = value;
        if (path_.starts_with(kData)) refuse(path_, "numbers are wanted");
        return true;
    }

    bool number_integer(number_integer_t value) override {
        if (path_ == ".inputs[].shape[]") {
            auto& shape = request_.inputs.back().shape;
            if (shape.size() >= kDimensionsMax) refuse(path_, "too many dimensions");
            shape.push_back(value);
        } else if (path_ == ".inputs[].parameters.binary_data_size") {
            if (value < 0) refuse(path_, "it is negative");
            request_.inputs.back().binary_bytes = static_cast<std::uint64_t>(value);
        }
        return number(static_cast<double>(value));
    }

    bool number_unsigned(number_unsigned_t value) override {
        return number_integer(static_cast<number_integer_t>(
            std::min<number_unsigned_t>(value, std::numeric_limits<number_integer_t>::max())));
    }

    bool number_float(number_float_t value, const string_t&) override { return number(value); }

    bool string(string_t& value) override {
        const auto take = [&](std::string& field) {
            if (value.size() > kTextBytesMax) refuse(path_, "the text is too long");
            field = std::move(value);
        };
        if (path_ == ".id") take(request_.id);
        if (path_ == ".inputs[].name") take(request_.inputs.back().name);
        if (path_ == ".inputs[].datatype") take(request_.inputs.back().datatype);
        if (path_ == ".outputs[].name") take(request_.outputs.back().name);
        if (path_.starts_with(kData)) refuse(path_, "numbers are wanted");
        return true;
    }

    bool binary(binary_t&) override { return true; }  // no JSON text has it

    bool start_object(std::size_t) override {
        if (path_ == ".inputs[]") add(request_.inputs);
        if (path_ == ".outputs[]") add(request_.outputs);
        if (path_.starts_with(kData)) refuse(path_, "numbers are wanted");
        open();
        return true;
    }

    bool key(string_t& value) override {
        path_.resize(opened_.back());
        path_ += '.';
        for (const char c : std::string_view{value}.substr(0, kTextBytesMax)) {
            path_ += c == '.' || c == '[' || c == ']' ? '?' : c;
        }
        return true;
    }

    bool end_object() override { return close(); }

    bool start_array(std::size_t) override {
        if (opened_.empty()) refuse({}, "an object is wanted");
        if (path_ == ".inputs[]" || path_ == ".outputs[]") refuse(path_, "an object is wanted");
        open();
        path_ += "[]";
        if (path_ == ".inputs[].data[]") request_.inputs.back().has_data = true;
        return true;
    }

    bool end_array() override { return close(); }

    bool parse_error(std::size_t at, const std::string&, const json::exception&) override {
        throw Error(Fault::bad_input, "the request is no JSON from byte {} on", at);
    }

private:
    bool number(double value) {
        if (!path_.starts_with(kData)) return true;
        if (values_left_ == 0) refuse(path_, "more numbers than the model takes");
        --values_left_;
        const auto narrow = static_cast<float>(value);
        if (!std::isfinite(narrow)) refuse(path_, "a number is beyond float32");
        request_.inputs.back().values.push_back(narrow);
        return true;
    }

    template <typename Tensor>
    void add(std::vector<Tensor>& tensors) {
        if (tensors.size() >= kTensorsMax) refuse(path_, "too many tensors");
        tensors.emplace_back();
    }

    void open() {
        if (opened_.size() >= kLevelsMax) refuse({}, "too many levels");
        opened_.push_back(path_.size());
    }

    bool close() {
        path_.resize(opened_.back());
        opened_.pop_back();
        return true;
    }

    RequestJson& request_;
    std::size_t values_left_;
    std::string path_;
    std::vector<std::size_t> opened_;  ///< length of the path of each open object and array
};

}  // namespace

RequestJson read_request_json(std::string_view text, std::size_t values_max) {
    RequestJson request;
    Reader reader{request, values_max};
    (void)json::sax_parse(text, &reader);
    return request;
}

}  // namespace bucky::service
