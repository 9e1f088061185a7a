// SPDX-License-Identifier: Apache-2.0
#include "scp/receive/file_meta.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <map>
#include <optional>
#include <span>
#include <string_view>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcostrmb.h>
#include <dcmtk/dcmdata/dctk.h>

#include "conf/base/error.h"
#include "scp/wire/start.h"

namespace bucky::scp {
namespace {

constexpr std::size_t kElementsBytesMax = 4096;  ///< ten short elements: about 500 in practice
constexpr std::uint32_t kMetaBytesMax = 65536;

constexpr std::size_t kPreambleBytes = 128;
/// DICM, then (0002,0000) File Meta Information Group Length, UL, 4 bytes (PS3.10 7.1).
constexpr std::string_view kBegins{"DICM\x02\x00\x00\x00UL\x04\x00", 12};
constexpr std::size_t kLengthAt = kPreambleBytes + kBegins.size();
constexpr std::size_t kElementsAt = kLengthAt + 4;

/// The creator of the private information (0002,0100).
const std::string& information_creator() {
    static const auto uid = Uid::from_name("file meta information: provenance").str();
    return uid;
}

/// Keeps one line per value, whatever it contains.
std::string line(std::string_view key, std::string_view value) {
    std::string text{value};
    std::replace_if(
        text.begin(), text.end(), [](unsigned char c) { return c < ' '; }, ' ');
    return fmt::format("{}={}\n", key, text);
}

std::string to_lines(const storage::Provenance& from) {
    auto lines = line("association", from.association) + line("address", from.peer_address) +
                 line("tenant", from.tenant) + line("owner", from.owner) +
                 line("urgent", from.urgent ? "1" : "0") +
                 line("received_at_ms", std::to_string(from.received_at_ms));
    if (lines.size() % 2 != 0) lines += '\n';  // PS3.5 6.2: OB has an even length
    return lines;
}

void take_lines(std::string_view lines, storage::Provenance& from) {
    std::map<std::string_view, std::string> found;
    while (!lines.empty()) {
        const auto end = std::min(lines.find('\n'), lines.size());
        const auto one = lines.substr(0, end);
        if (const auto equals = one.find('='); equals != one.npos) {
            found[one.substr(0, equals)] = one.substr(equals + 1);
        }
        lines.remove_prefix(std::min(end + 1, lines.size()));
    }
    from.association = found["association"];
    from.peer_address = found["address"];
    from.tenant = found["tenant"];
    from.owner = found["owner"];
    from.urgent = found["urgent"] == "1";
    const auto& ms = found["received_at_ms"];
    (void)std::from_chars(ms.data(), ms.data() + ms.size(), from.received_at_ms);
}

void put(DcmMetaInfo& meta, const DcmTagKey& tag, const std::string& value) {
    if (value.empty()) return;
    if (meta.putAndInsertString(tag, value.c_str()).bad()) {
        throw Error(Fault::bug, "cannot put an element into a file header");
    }
}

std::uint32_t little(std::string_view bytes) {
    std::uint32_t value = 0;
    for (std::size_t at = bytes.size(); at-- > 0;) {
        value = value << 8U | static_cast<unsigned char>(bytes[at]);
    }
    return value;
}

/// The elements of group 0002 in order: explicit VR little endian, none nested.
class Elements {
public:
    explicit Elements(std::string_view bytes) : left_(bytes) {}

    struct Element {
        std::uint32_t element = 0;
        std::string value;
    };

    /// Nothing at the end.
    std::optional<Element> next() {
        if (left_.empty()) return std::nullopt;
        if (little(take(2)) != 0x0002) fail();
        Element found;
        found.element = little(take(2));
        const auto vr = take(2);
        const bool is_long = vr == "OB" || vr == "OW" || vr == "UN" || vr == "UT";
        if (is_long) take(2);
        found.value = take(little(take(is_long ? 4 : 2)));
        return found;
    }

private:
    std::string_view take(std::size_t bytes) {
        if (bytes > left_.size()) fail();
        const auto taken = left_.substr(0, bytes);
        left_.remove_prefix(bytes);
        return taken;
    }
    [[noreturn]] static void fail() {
        throw Error(Fault::bad_input, "its file meta information contradicts itself");
    }

    std::string_view left_;
};

/// Of a UI or an AE.
std::string text_of(std::string value) {
    value.erase(std::find(value.begin(), value.end(), '\0'), value.end());
    value.erase(value.find_last_not_of(' ') + 1);
    return value;
}

std::string read_elements(const std::filesystem::path& file) {
    std::ifstream in{file, std::ios::binary};
    if (!in) throw Error(Fault::unavailable, "cannot read {}", file.string());
    std::array<char, kElementsAt> head{};
    const bool is_dicom = in.read(head.data(), head.size()) &&
                          std::string_view{head.data() + kPreambleBytes, kBegins.size()} == kBegins;
    const auto bytes = is_dicom ? little({head.data() + kLengthAt, 4}) : 0;
    if (bytes == 0 || bytes > kMetaBytesMax) {
        throw Error(Fault::bad_input, "it has no file meta information");
    }
    std::string elements(bytes, '\0');
    if (!in.read(elements.data(), static_cast<std::streamsize>(bytes))) {
        throw Error(Fault::bad_input, "its file meta information is cut off");
    }
    return elements;
}

}  // namespace

std::vector<std::uint8_t> write_file_meta(const FileMeta& told) {
    DcmMetaInfo meta;
    constexpr std::array<Uint8, 2> version{0, 1};
    (void)meta.putAndInsertUint32(DCM_FileMetaInformationGroupLength, 0);
    (void)meta.putAndInsertUint8Array(DCM_FileMetaInformationVersion, version.data(),
                                      version.size());
    put(meta, DCM_MediaStorageSOPClassUID, told.sop_class);
    put(meta, DCM_MediaStorageSOPInstanceUID, told.sop_instance);
    put(meta, DCM_TransferSyntaxUID, told.transfer_syntax);
    put(meta, DCM_ImplementationClassUID, implementation_class_uid());
    put(meta, DCM_ImplementationVersionName, implementation_version_name());
    put(meta, DCM_SourceApplicationEntityTitle, told.from.calling_ae);
    put(meta, DCM_SendingApplicationEntityTitle, told.from.calling_ae);
    put(meta, DCM_ReceivingApplicationEntityTitle, told.from.called_ae);
    put(meta, DCM_PrivateInformationCreatorUID, information_creator());
    const auto lines = to_lines(told.from);
    const auto* bytes_of_lines = reinterpret_cast<const Uint8*>(lines.data());
    if (meta.putAndInsertUint8Array(DCM_PrivateInformation, bytes_of_lines, lines.size()).bad()) {
        throw Error(Fault::bug, "cannot put an element into a file header");
    }

    std::vector<std::uint8_t> bytes(kElementsBytesMax + lines.size());
    DcmOutputBufferStream stream(bytes.data(), static_cast<offile_off_t>(bytes.size()));
    meta.transferInit();
    OFCondition made = meta.computeGroupLengthAndPadding(
        EGL_withGL, EPD_noChange, META_HEADER_DEFAULT_TRANSFERSYNTAX, EET_ExplicitLength);
    if (made.good()) {
        made = meta.write(stream, META_HEADER_DEFAULT_TRANSFERSYNTAX, EET_ExplicitLength, nullptr);
    }
    meta.transferEnd();
    if (made.bad()) throw Error(Fault::bug, "cannot write a file header: {}", made.text());
    bytes.resize(static_cast<std::size_t>(stream.tell()));
    return bytes;
}

FileMeta read_file_meta(const std::filesystem::path& file) {
    const auto bytes = read_elements(file);
    FileMeta meta;
    meta.dataset_at = kElementsAt + bytes.size();
    std::string creator, information;
    Elements elements{bytes};
    while (auto found = elements.next()) {
        switch (found->element) {
            case 0x0002: meta.sop_class = text_of(found->value); break;
            case 0x0003: meta.sop_instance = text_of(found->value); break;
            case 0x0010: meta.transfer_syntax = text_of(found->value); break;
            case 0x0016: meta.from.calling_ae = text_of(found->value); break;
            case 0x0018: meta.from.called_ae = text_of(found->value); break;
            case 0x0100: creator = text_of(found->value); break;
            case 0x0102: information = found->value; break;
            default: break;
        }
    }
    if (meta.sop_class.empty() || meta.sop_instance.empty() || meta.transfer_syntax.empty()) {
        throw Error(Fault::bad_input, "its file meta information is not complete");
    }
    if (creator == information_creator()) take_lines(information, meta.from);
    return meta;
}

}  // namespace bucky::scp
