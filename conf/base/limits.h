// SPDX-License-Identifier: Apache-2.0
// A limit for everything that a caller or a failure could make grow, each with its reason.
// What an admin may want to change is a config key instead (conf/sections/); reaching any of
// these is counted, logged, and answered transiently.
#pragma once

#include <cstddef>
#include <cstdint>

namespace bucky::limits {

/// PS3.8 sets none. 131072 is DCMTK's maximum, and 16 K halves the speed of large images.
inline constexpr std::uint32_t kMaxPduBytes = 131072;

/// A received command set, over any number of fragments. That of C-STORE has some 200 bytes; the
/// longest in use is an N-GET with a list of attributes. DCMTK gathers it in memory.
inline constexpr std::size_t kCommandBytesMax = 64U << 10U;

/// The longest A-ASSOCIATE-RQ that is read. 128 contexts with 64 transfer syntaxes each, and every
/// user item, stay below 600 K; DCMTK's own limit is 1 MiB.
inline constexpr std::size_t kAssociateRequestBytesMax = 1U << 20U;

/// One received instance, whatever scp.max_instance_mb says. The largest radiograph (60 x 60 cm
/// at 50 um, 16 bit) has 288 MB.
inline constexpr std::uint64_t kInstanceBytesMax = 1ULL << 30U;

/// Rows and columns of a decoded frame: see above; keeps rows * columns far from overflow.
inline constexpr std::uint32_t kImageSideMax = 16384;

/// Pixels of a decoded frame: a float copy of the largest has 400 MB.
inline constexpr std::uint64_t kImagePixelsMax = 100'000'000;

/// Time and memory of the process that decodes one image. JPEG 2000 takes 0.1 us per pixel, so the
/// largest takes 10 s, and three times four bytes per pixel.
inline constexpr std::uint64_t kDecodeCpuSeconds = 30;
inline constexpr std::uint64_t kDecodeMemoryBytes = 2ULL << 30U;

/// Memory of the node for decoded images, over all threads: two bytes per stored pixel, one more
/// where a shutter hides some, and the float that is prepared of it. Two of the largest, or 50
/// ordinary ones. An image that finds no room waits for others; a longer wait means that one of
/// them hangs.
inline constexpr std::uint64_t kDecodedBytesAPixel = 7;
inline constexpr std::uint64_t kDecodedBytesMax = 2 * kDecodedBytesAPixel * kImagePixelsMax;
inline constexpr std::uint64_t kDecodedWaitSeconds = 300;

/// Memory for the reports in progress: the pictures of each until they are stored, and the one that
/// is being drawn. Four of the most pictures at 2048 px, or 25 ordinary ones. A report that finds
/// no room waits for others.
inline constexpr std::uint64_t kReportedBytesMax = 2ULL << 30U;
inline constexpr std::uint64_t kReportWaitSeconds = 300;

/// A decoder that neither answers nor uses the CPU waits for a disk: the image is not at fault.
inline constexpr std::uint64_t kDecodeWallSeconds = 120;

/// Images of a study that one report lists: 1,000 make an SR of about 9 MB, in 5 s.
inline constexpr std::size_t kReportImagesMax = 1000;

/// A request for storage commitment, or a report of one: 10,000 references have about 2 MB.
inline constexpr std::size_t kCommitmentObjectsMax = 10'000;
inline constexpr std::uint64_t kCommitmentBytesMax = 4U << 20U;

/// Its elements and items: 4 MB of empty ones, at 300 bytes each when parsed, would take 150 MB. A
/// report with half of its references failed has 12 per reference, delimiters included.
inline constexpr std::uint64_t kCommitmentElementsMax = 20 * kCommitmentObjectsMax;

/// Requests for storage commitment whose reports are still due, and the instances that they name,
/// about 120 bytes each: of one caller (a modality with 100 studies a day that is unreachable for a
/// week has 700), of all callers at one address, and in all.
struct CommitmentQuota {
    std::int64_t requests, objects;
};
inline constexpr CommitmentQuota kCommitmentOfCallerMax{1000, 50'000};
inline constexpr CommitmentQuota kCommitmentOfAddressMax{2000, 200'000};
inline constexpr CommitmentQuota kCommitmentInAllMax{5000, 400'000};

/// One match of a C-FIND, which has some hundred bytes. Answers are read one after another.
inline constexpr std::uint64_t kFindAnswerBytesMax = 64U << 10U;

/// Callers that receive due reports in parallel, each on a thread: so many may be switched off
/// without a delay for the reports of others.
inline constexpr std::size_t kCommitmentCallersAtOnce = 4;

/// A model's manifest and the config file: text that a person wrote.
inline constexpr std::uint64_t kTextFileBytesMax = 1U << 20U;

/// Text that is kept of a peer's message or of an error: one screen.
inline constexpr std::size_t kWordsMax = 1000;

/// Lines per second of one event at warning or above: a caller can cause them without end, and they
/// must not fill the disk that images need. The next line says how many were left out.
inline constexpr int kLogLinesPerSecond = 50;

/// The same below warning: above the rate at which a machine can receive images, so that each image
/// of normal operation has its line.
inline constexpr int kLogInfoLinesPerSecond = 3000;

/// Queued lines of the log: some 20,000. Above it they are dropped and counted, because no image
/// and no stop may wait for the reader of the log.
inline constexpr std::size_t kLogQueueBytesMax = 4U << 20U;

/// Values of one label that have series of their own, where the value comes from callers or images:
/// four times the 254 sites of a service. And pairs of values, where a metric has two such labels:
/// several kinds of equipment per site; 1,000 x 1,000 would be too much for a scrape.
inline constexpr std::size_t kLabelValuesMax = 1000;
inline constexpr std::size_t kLabelPairsMax = 4000;
inline constexpr std::size_t kLabelValueBytesMax = 64;

/// Audit messages that wait for a disk or a server, about 1.5 kB each: minutes of a busy node.
inline constexpr std::size_t kAuditQueueMax = 10'000;

/// Studies of one association that one audit message lists; the next begins another message.
inline constexpr std::size_t kAuditStudiesMax = 100;

/// Connections whose A-ASSOCIATE-RQ is not yet complete: each costs a descriptor and its bytes, no
/// thread. Above either limit, the oldest one of the address that has most is closed for the
/// newest.
inline constexpr std::size_t kGreetingsMax = 2048;
inline constexpr std::size_t kGreetingBytesMax = 64U << 20U;

/// Admin connections whose HTTP header is not yet complete, and answers in transfer that are longer
/// than a line: a browser has six connections, a Prometheus one.
inline constexpr std::size_t kAdminConnectionsMax = 64;
inline constexpr std::size_t kAdminAnswersMax = 16;

/// Model server: connections of sites, each with a descriptor and 20 KB for TLS: four for each of
/// 1,000 sites. Of one site: a client keeps one per image that it has under way.
inline constexpr std::size_t kServiceConnectionsMax = 4000;
inline constexpr std::size_t kServiceConnectionsPerSiteMax = 64;

/// Images of one request: a batch of a GPU. And the JSON of a request without its tensors, which
/// has some 300 bytes.
inline constexpr std::size_t kServiceImagesMax = 16;
inline constexpr std::size_t kServiceJsonBytesMax = 64U << 10U;

/// One request, and the memory of the model server for all that are read, wait or run: 500 images
/// of 512 x 512, and what they unpack to.
inline constexpr std::size_t kServiceBodyBytesMax = 128U << 20U;
inline constexpr std::uint64_t kServiceBytesMax = 512ULL << 20U;

/// Parts of one request to store by DICOMweb: a CT study of 5,000 images twice.
inline constexpr std::size_t kWebPartsMax = 10'000;

/// Rejected callers that may still read the reason: for a second each, on a thread, but not counted
/// as associations. Above it the connection is closed at once.
inline constexpr std::size_t kFarewellsMax = 32;

/// Parallel TLS handshakes, each on a thread. Above it, the longest one of the address that has
/// most is aborted.
inline constexpr std::size_t kHandshakesMax = 32;

/// Nested sequences. The deepest IODs need about 10; a recursive parser overflows its stack at some
/// 10,000.
inline constexpr std::size_t kSequenceDepthMax = 64;

/// Elements and items of a data set: DCMTK takes about 300 bytes for each, even an empty one. An
/// enhanced multi-frame image of 2,000 frames has 200,000.
inline constexpr std::uint64_t kDatasetElementsMax = 250'000;

}  // namespace bucky::limits
