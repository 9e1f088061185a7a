// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/sandbox/protocol.h"

#include <cstring>
#include <optional>
#include <type_traits>
#include <vector>

namespace bucky {
namespace {

using dicom_sr::OriginalText;
using dicom_sr::Source;
using inference::GreyRules;
using inference::Header;
using inference::Image;
using inference::LookupTable;
using inference::Padding;
using inference::ScaleUse;
using inference::Window;

template <typename T>
constexpr bool kIsPlain = std::is_arithmetic_v<T> || std::is_enum_v<T>;

class Packer {
public:
    template <typename... Fields>
    void operator()(const Fields&... fields) {
        (put(fields), ...);
    }
    std::string text;

private:
    template <typename T>
    void put(const T& value) {
        if constexpr (kIsPlain<T>) {
            text.append(reinterpret_cast<const char*>(&value), sizeof value);
        } else {
            pass(*this, const_cast<T&>(value));  // pass() is written once, for both directions
        }
    }
    void put(const std::string& value) {
        put(static_cast<std::uint64_t>(value.size()));
        text += value;
    }
    void put(const Uid& uid) { put(uid.str()); }
    template <typename T>
    void put(const std::vector<T>& values) {
        put(static_cast<std::uint64_t>(values.size()));
        for (const T& value : values) put(value);
    }
    template <typename T>
    void put(const std::optional<T>& value) {
        put(value.has_value());
        if (value) put(*value);
    }
};

class Unpacker {
public:
    explicit Unpacker(std::string_view text) : left_(text) {}
    template <typename... Fields>
    void operator()(Fields&... fields) {
        (take(fields), ...);
    }
    bool is_empty() const { return left_.empty(); }

private:
    std::string_view bytes(std::uint64_t count) {
        if (count > left_.size()) throw Error(Fault::corrupt, "a decode worker's answer is cut");
        const auto taken = left_.substr(0, count);
        left_.remove_prefix(count);
        return taken;
    }
    template <typename T>
    void take(T& value) {
        if constexpr (kIsPlain<T>) {
            std::memcpy(&value, bytes(sizeof value).data(), sizeof value);
        } else {
            pass(*this, value);
        }
    }
    void take(std::string& value) {
        std::uint64_t size = 0;
        take(size);
        value = bytes(size);
    }
    void take(Uid& uid) {
        std::string text;
        take(text);
        uid = text.empty() ? Uid{} : Uid{text};
    }
    template <typename T>
    void take(std::vector<T>& values) {
        std::uint64_t size = 0;
        take(size);
        if (size > left_.size()) throw Error(Fault::corrupt, "a decode worker's answer is cut");
        values.resize(size);
        for (T& value : values) take(value);
    }
    template <typename T>
    void take(std::optional<T>& value) {
        bool is_there = false;
        take(is_there);
        if (is_there) take(value.emplace());
    }
    std::string_view left_;
};

// A new field of one of these types must be passed here too; pixels and their reservation are not.
static_assert(sizeof(Source) == 1776 && sizeof(OriginalText) == 48);
static_assert(sizeof(Header) == 672 && sizeof(GreyRules) == 208 && sizeof(Image) == 376);

template <typename Archive>
void pass(Archive& archive, LookupTable& table) {
    archive(table.first, table.bits, table.entries);
}
template <typename Archive>
void pass(Archive& archive, Window& window) {
    archive(window.center, window.width, window.function);
}
template <typename Archive>
void pass(Archive& archive, Padding& padding) {
    archive(padding.low, padding.high);
}
template <typename Archive>
void pass(Archive& archive, GreyRules& rules) {
    archive(rules.modality_lut, rules.slope, rules.intercept, rules.voi_lut, rules.window,
            rules.view, rules.replaced, rules.inverse, rules.padding);
}
template <typename Archive>
void pass(Archive& archive, ScaleUse& use) {
    archive(use.share, use.reach, use.black, use.white, use.entropy);
}
template <typename Archive>
void pass(Archive& archive, Image& image) {
    archive(image.frame.rows, image.frame.columns, image.frame.bits_stored, image.frame.is_signed,
            image.grey, image.use, image.note, image.frames, image.without_end, image.pixel_ratio);
}
template <typename Archive>
void pass(Archive& archive, Header& header) {
    archive(header.sop_class, header.sop_instance, header.study, header.transfer_syntax,
            header.modality, header.laterality, header.body_part, header.view_position,
            header.coded_body_part, header.coded_view, header.manufacturer, header.model_name,
            header.species, header.intent, header.burned_in, header.view_codes, header.image_type,
            header.patient_orientation, header.photometric, header.age_years, header.age_born_years,
            header.age_conflict, header.rows, header.columns, header.frames, header.samples,
            header.bits_allocated, header.bits_stored, header.has_pixels);
}

template <typename Archive>
void pass(Archive& archive, OriginalText& text) {
    archive(text.group, text.element, text.bytes, text.why);
}
template <typename Archive>
void pass(Archive& archive, dicom_sr::Issuer& issuer) {
    archive(issuer.local, issuer.universal, issuer.universal_type);
}
template <typename Archive>
void pass(Archive& archive, dicom_sr::OtherPatientId& other) {
    archive(other.id, other.issuer, other.type);
}
template <typename Archive>
void pass(Archive& archive, inference::Code& code) {
    archive(code.value, code.scheme, code.meaning);
}
template <typename Archive>
void pass(Archive& archive, Source& source) {
    archive(source.patient_name, source.patient_id, source.issuer_of_patient_id, source.birth_date,
            source.sex, source.age, source.size, source.weight, source.study, source.study_date,
            source.study_time, source.study_id, source.study_description, source.accession_number,
            source.referring_physician, source.requested_procedure_id, source.placer_order,
            source.filler_order, source.series, source.sop_class, source.sop_instance,
            source.modality, source.body_part, source.view_position, source.laterality,
            source.patient_orientation, source.acquisition_date, source.acquisition_time,
            source.content_date, source.content_time, source.series_number,
            source.series_description, source.instance_number, source.manufacturer,
            source.model_name, source.rows, source.columns, source.frames, source.pixel_spacing,
            source.pixel_aspect_ratio, source.burned_in_annotation, source.lossy_compression,
            source.lossy_ratio, source.lossy_method, source.timezone_offset, source.character_set,
            source.originals, source.admission_id, source.patient_id_issuer,
            source.other_patient_ids, source.issuer_of_accession, source.procedures,
            source.requested_procedure, source.requested_procedures, source.institution);
}

template <typename Archive>
void pass(Archive& archive, inference::FoundText& text) {
    archive(text.column, text.row, text.columns, text.rows, text.is_harmless, text.is_over_lungs,
            text.is_doubtful);
}
template <typename Archive>
void pass(Archive& archive, inference::TextSearch& found) {
    archive(found.lines, found.is_complete);
}

template <typename T>
std::string packed(const T& value) {
    Packer packer;
    packer(value);
    return std::move(packer.text);
}

template <typename T>
T unpacked(std::string_view text) {
    Unpacker unpacker(text);
    T value;
    unpacker(value);
    if (!unpacker.is_empty()) throw Error(Fault::corrupt, "a decode worker's answer is too long");
    return value;
}

}  // namespace

std::string pack(const Header& header) {
    return packed(header);
}
std::string pack(const Image& image) {
    return packed(image);
}
std::string pack(const Source& source) {
    return packed(source);
}
std::string pack(const inference::TextSearch& found) {
    return packed(found);
}
Header unpack_header(std::string_view text) {
    return unpacked<Header>(text);
}
Image unpack_image(std::string_view text) {
    return unpacked<Image>(text);
}
Source unpack_source(std::string_view text) {
    return unpacked<Source>(text);
}
inference::TextSearch unpack_text(std::string_view text) {
    return unpacked<inference::TextSearch>(text);
}

}  // namespace bucky
