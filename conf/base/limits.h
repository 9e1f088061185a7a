// SPDX-License-Identifier: Apache-2.0
// A limit for everything that a stranger or a bad day could make grow, each with its reason.
// What an admin may want to change is a config key instead (conf/sections/); reaching any of
// these is counted, logged, and answered transiently.
#pragma once

#include <cstddef>
#include <cstdint>

namespace bucky::limits {

/// PS3.8 sets none; 131072 is the most DCMTK takes, and 16 K halves the speed of large images.
inline constexpr std::uint32_t kMaxPduBytes = 131072;

/// A command set as it comes, over however many fragments. Those of C-STORE have some 200 bytes;
/// the longest that anyone sends is an N-GET with a list of attributes. DCMTK gathers it in memory.
inline constexpr std::size_t kCommandBytesMax = 64U << 10U;

/// The longest A-ASSOCIATE-RQ we wait for. 128 contexts with 64 transfer syntaxes each, and every
/// user item, stay below 600 K; DCMTK's own limit is 1 MiB.
inline constexpr std::size_t kAssociateRequestBytesMax = 1U << 20U;

/// One instance as it comes, whatever scp.max_instance_mb says. The largest radiograph (60 x 60 cm
/// at 50 um, 16 bit) has 288 MB.
inline constexpr std::uint64_t kInstanceBytesMax = 1ULL << 30U;

/// Rows and columns of a frame we decode: see above; keeps rows * columns far from overflow.
inline constexpr std::uint32_t kImageSideMax = 16384;

/// Pixels of a frame we decode: a float copy of the largest has 400 MB.
inline constexpr std::uint64_t kImagePixelsMax = 100'000'000;

/// What one image may cost the process that decodes it. JPEG 2000 takes 0.1 us a pixel, so
/// the largest takes 10 s, and four bytes a pixel three times over.
inline constexpr std::uint64_t kDecodeCpuSeconds = 30;
inline constexpr std::uint64_t kDecodeMemoryBytes = 2ULL << 30U;

/// What decoded images may hold of the node's own memory at once, over all threads: two bytes a
/// stored pixel, one where a shutter hides some, and the float that is prepared of it. Two of the
/// largest, or 50 ordinary ones; who finds no room waits for others, and longer than this means
/// that one of them hangs.
inline constexpr std::uint64_t kDecodedBytesAPixel = 7;
inline constexpr std::uint64_t kDecodedBytesMax = 2 * kDecodedBytesAPixel * kImagePixelsMax;
inline constexpr std::uint64_t kDecodedWaitSeconds = 300;

/// What the reports that are being made may hold at once: the pictures of each until they are put,
/// and the one that is drawn. Four of the most pictures at 2048 px, or 25 ordinary ones; who finds
/// no room waits for others.
inline constexpr std::uint64_t kReportedBytesMax = 2ULL << 30U;
inline constexpr std::uint64_t kReportWaitSeconds = 300;

/// A decoder that neither answers nor uses the processor waits for a disk: then that is to blame.
inline constexpr std::uint64_t kDecodeWallSeconds = 120;

/// Images in one study that one report lists: 1,000 make an SR of about 9 MB, in 5 s.
inline constexpr std::size_t kReportImagesMax = 1000;

/// A request for storage commitment, or a report of one: 10,000 references have about 2 MB.
inline constexpr std::size_t kCommitmentObjectsMax = 10'000;
inline constexpr std::uint64_t kCommitmentBytesMax = 4U << 20U;

/// Its elements and items: 4 MB of empty ones, at 300 bytes each once parsed, would take 150 MB.
/// A report of which half failed has 12 a reference, delimiters included.
inline constexpr std::uint64_t kCommitmentElementsMax = 20 * kCommitmentObjectsMax;

/// Requests for storage commitment whose reports are still owed, and the instances that they name,
/// about 120 bytes each: for one caller (a modality of 100 studies a day that cannot be called for
/// a week has 700), for all callers at one address, and in all.
struct CommitmentQuota {
    std::int64_t requests, objects;
};
inline constexpr CommitmentQuota kCommitmentOfCallerMax{1000, 50'000};
inline constexpr CommitmentQuota kCommitmentOfAddressMax{2000, 200'000};
inline constexpr CommitmentQuota kCommitmentInAllMax{5000, 400'000};

/// Callers that get owed reports at once, each on a thread: as many may be switched off without
/// anybody else's report waiting for them.
inline constexpr std::size_t kCommitmentCallersAtOnce = 4;

/// A model's manifest and the config file: text a person wrote.
inline constexpr std::uint64_t kTextFileBytesMax = 1U << 20U;

/// What is kept of a peer's words, or of an error's: one screen.
inline constexpr std::size_t kWordsMax = 1000;

/// Lines a second of one event that is a warning or worse: what a stranger can cause without end
/// must not fill the disk that images need. The next line says how many were left out.
inline constexpr int kLogLinesPerSecond = 50;

/// The same for what is no warning: above what a machine can take in, so that no image of an honest
/// day lacks its line.
inline constexpr int kLogInfoLinesPerSecond = 3000;

/// Lines of the log that wait for who reads it: some 20,000. Beyond it they are dropped and
/// counted, for no image and no stop may wait for a reader.
inline constexpr std::size_t kLogQueueBytesMax = 4U << 20U;

/// Values of one label that have series of their own, where callers or images bring the value: four
/// times the 254 sites of a service. And pairs of values, where a metric has two such labels: some
/// kinds of equipment for each of those; 1,000 x 1,000 would be more than a scrape can carry.
inline constexpr std::size_t kLabelValuesMax = 1000;
inline constexpr std::size_t kLabelPairsMax = 4000;
inline constexpr std::size_t kLabelValueBytesMax = 64;

/// Audit messages that wait for a disk or a server, about 1.5 kB each: some minutes of a busy node.
inline constexpr std::size_t kAuditQueueMax = 10'000;

/// Studies of one association that its audit messages tell apart; the next begins another message.
inline constexpr std::size_t kAuditStudiesMax = 100;

/// Connections that have not yet shown their whole A-ASSOCIATE-RQ: they cost a descriptor and their
/// bytes, no thread. Beyond either, the one that waits longest of the address that has most makes
/// room for the newest.
inline constexpr std::size_t kGreetingsMax = 2048;
inline constexpr std::size_t kGreetingBytesMax = 64U << 20U;

/// Admin connections that have not shown their HTTP header, and answers being read that are longer
/// than a line: a browser has six connections, a Prometheus one.
inline constexpr std::size_t kAdminConnectionsMax = 64;
inline constexpr std::size_t kAdminAnswersMax = 16;

/// Callers that were rejected and may still read why: for a second each, on a thread, but without a
/// place among the associations. Beyond it the connection is closed at once.
inline constexpr std::size_t kFarewellsMax = 32;

/// TLS handshakes at once, each on a thread: beyond it, the one that takes longest of the address
/// that has most is cut off.
inline constexpr std::size_t kHandshakesMax = 32;

/// Sequences inside sequences. The deepest IODs need about 10; a parser that recurses dies at some
/// 10,000.
inline constexpr std::size_t kSequenceDepthMax = 64;

/// Elements and items of a data set: DCMTK takes about 300 bytes for each, even an empty one. An
/// enhanced multi-frame image of 2,000 frames has 200,000.
inline constexpr std::uint64_t kDatasetElementsMax = 250'000;

}  // namespace bucky::limits
