// SPDX-License-Identifier: Apache-2.0
// ContentTree writes the content of an SR document from the root down. The nesting of the calls is
// the nesting of the document: the function passed with an item adds the items below it.
//
//   tree.container(Relation::contains, codes::kImagingMeasurements, "", [&] {
//       tree.code(Relation::contains, codes::kFinding, finding.code);
//   });
//
// One thread. Throws bug for a relationship that the IOD of the class does not allow (PS3.3 A.35).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conf/base/ids.h"
#include "inference/findings.h"

class DcmItem;

namespace bucky::dicom_sr {

/// How an item belongs to the one above it (PS3.3 Table C.17.3-8).
enum class Relation {
    contains,
    has_observation_context,
    has_acquisition_context,
    has_concept_modifier,
    has_properties,
    inferred_from,
    selected_from,
};

struct ImageReference {
    Uid sop_class;
    Uid sop_instance;
    std::optional<std::uint32_t> frame;  ///< only of a multi-frame image
};

class ContentTree {
public:
    using Code = inference::Code;
    using Children = std::function<void()>;

    /// The root container; `template_id` of the DCMR (PS3.16), e.g. "1500", or empty.
    ContentTree(const Code& title, std::string_view template_id, const Uid& sop_class);
    ~ContentTree();
    ContentTree(const ContentTree&) = delete;
    ContentTree& operator=(const ContentTree&) = delete;

    /// `template_id` is empty where the container is a row of the template above it.
    void container(Relation relation, const Code& name, std::string_view template_id,
                   const Children& children);
    void code(Relation relation, const Code& name, const Code& value,
              const Children& children = {});
    void number(Relation relation, const Code& name, double value, const Code& unit,
                const Children& children = {});
    void text(Relation relation, const Code& name, std::string_view value,
              const Children& children = {});
    void uid(Relation relation, const Code& name, const Uid& value);
    void date(Relation relation, const Code& name, std::string_view value);  ///< DA
    void time(Relation relation, const Code& name, std::string_view value);  ///< TM
    void composite(Relation relation, const Code& name, const ImageReference& reference);
    void image(Relation relation, const ImageReference& reference, const Children& children = {},
               const Code* name = nullptr);
    void point(Relation relation, const Code& name, const inference::Point& at,
               const ImageReference& reference);  ///< a POINT, selected from an image

    /// A closed POLYLINE: the first point is repeated as the last one (PS3.3 C.18.6.1.2). The image
    /// that it is selected from is its first child: OHIF looks for it only there.
    void closed_polyline(const Code& name, const std::vector<inference::Point>& outline,
                         const ImageReference& reference, Relation relation = Relation::contains);

    void write(DcmItem& dataset);

private:
    struct Tree;
    void add(Relation relation, int value_type, const Code* name,
             const std::function<void()>& set_value, const Children& children);

    std::unique_ptr<Tree> tree_;
};

}  // namespace bucky::dicom_sr
