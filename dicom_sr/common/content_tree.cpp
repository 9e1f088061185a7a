// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/common/content_tree.h"

#include <cmath>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmsr/dsrcomvl.h"
#include "dcmtk/dcmsr/dsrdoctr.h"
#include "dcmtk/dcmsr/dsrimgvl.h"
#include "dcmtk/dcmsr/dsrnumvl.h"
#include "dcmtk/dcmsr/dsrscovl.h"

#include "conf/base/error.h"

namespace bucky::dicom_sr {
namespace {

// DCMTK's checks do not know UTF-8 and log one line a value; text and codes were fitted before.
constexpr OFBool kUnchecked = OFFalse;

DSRTypes::E_RelationshipType dcmtk_relation(Relation relation) {
    switch (relation) {
        case Relation::contains: return DSRTypes::RT_contains;
        case Relation::has_observation_context: return DSRTypes::RT_hasObsContext;
        case Relation::has_acquisition_context: return DSRTypes::RT_hasAcqContext;
        case Relation::has_concept_modifier: return DSRTypes::RT_hasConceptMod;
        case Relation::has_properties: return DSRTypes::RT_hasProperties;
        case Relation::inferred_from: return DSRTypes::RT_inferredFrom;
        case Relation::selected_from: return DSRTypes::RT_selectedFrom;
    }
    __builtin_unreachable();
}

DSRCodedEntryValue coded(const inference::Code& code) {
    return {code.value, code.scheme, code.meaning, DSRTypes::CVT_auto, OFExplicitBool(OFFalse)};
}

void check(const OFCondition& made, std::string_view doing, const inference::Code* name) {
    if (made.good()) return;
    throw Error(Fault::bug, "SR content: {} of {}: {}", doing,
                name != nullptr ? name->meaning : "an item without a name", made.text());
}

/// DS has 16 characters (PS3.5 6.2); scores and thresholds need no more than four decimals.
std::string decimal(double value) {
    std::string text = fmt::format("{:.4f}", value);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
    return text == "-0" ? "0" : text;
}

}  // namespace

struct ContentTree::Tree {
    /// DCMTK's call sets the template of the root only; PS3.16 6.2.3 requires it on each container
    /// with which a template begins.
    struct Dcmtk : DSRDocumentTree {
        using DSRDocumentTree::DSRDocumentTree;
        DSRDocumentTreeNode& node() { return *getNode(); }
    };
    Dcmtk dcmtk;

    explicit Tree(const Uid& sop_class)
        : dcmtk(DSRTypes::sopClassUIDToDocumentType(OFString(sop_class.str()))) {}

    DSRContentItem& item() { return dcmtk.getCurrentContentItem(); }
    void identify(std::string_view template_id, const Code& name) {
        check(dcmtk.node().setTemplateIdentification(OFString(template_id), "DCMR"), "template",
              &name);
    }
};

ContentTree::ContentTree(const Code& title, std::string_view template_id, const Uid& sop_class)
    : tree_(std::make_unique<Tree>(sop_class)) {
    if (tree_->dcmtk.addContentItem(DSRTypes::RT_isRoot, DSRTypes::VT_Container) == 0) {
        throw Error(Fault::bug, "SR content: no root container");
    }
    check(tree_->item().setConceptName(coded(title), kUnchecked), "title", &title);
    if (!template_id.empty()) tree_->identify(template_id, title);
}

ContentTree::~ContentTree() = default;

void ContentTree::add(Relation relation, int value_type, const Code* name,
                      const std::function<void()>& set_value, const Children& children) {
    DSRDocumentTree& tree = tree_->dcmtk;
    const size_t node = tree.addContentItem(dcmtk_relation(relation),
                                            static_cast<DSRTypes::E_ValueType>(value_type),
                                            DSRTypes::AM_belowCurrent);
    if (node == 0) {
        throw Error(Fault::bug, "SR content: {} may not stand where it was put",
                    name != nullptr ? name->meaning : "an image");
    }
    if (name != nullptr)
        check(tree_->item().setConceptName(coded(*name), kUnchecked), "name", name);
    set_value();
    if (children) children();
    tree.goUp();
}

void ContentTree::container(Relation relation, const Code& name, std::string_view template_id,
                            const Children& children) {
    const auto identify = [&] {
        if (!template_id.empty()) tree_->identify(template_id, name);
    };
    add(relation, DSRTypes::VT_Container, &name, identify, children);
}

void ContentTree::code(Relation relation, const Code& name, const Code& value,
                       const Children& children) {
    const auto set = [&] {
        check(tree_->item().setCodeValue(coded(value), kUnchecked), "value", &name);
    };
    add(relation, DSRTypes::VT_Code, &name, set, children);
}

void ContentTree::number(Relation relation, const Code& name, double value, const Code& unit,
                         const Children& children) {
    if (!std::isfinite(value)) throw Error(Fault::bug, "SR content: {} is no number", name.meaning);
    const auto set = [&] {
        const DSRNumericMeasurementValue number(decimal(value), coded(unit), kUnchecked);
        check(tree_->item().setNumericValue(number, kUnchecked), "value", &name);
    };
    add(relation, DSRTypes::VT_Num, &name, set, children);
}

void ContentTree::text(Relation relation, const Code& name, std::string_view value,
                       const Children& children) {
    const auto set = [&] {
        check(tree_->item().setStringValue(OFString(value), kUnchecked), "value", &name);
    };
    add(relation, DSRTypes::VT_Text, &name, set, children);
}

void ContentTree::uid(Relation relation, const Code& name, const Uid& value) {
    const auto set = [&] { check(tree_->item().setStringValue(value.str()), "value", &name); };
    add(relation, DSRTypes::VT_UIDRef, &name, set, {});
}

void ContentTree::date(Relation relation, const Code& name, std::string_view value) {
    const auto set = [&] { check(tree_->item().setStringValue(OFString(value)), "value", &name); };
    add(relation, DSRTypes::VT_Date, &name, set, {});
}

void ContentTree::time(Relation relation, const Code& name, std::string_view value) {
    const auto set = [&] { check(tree_->item().setStringValue(OFString(value)), "value", &name); };
    add(relation, DSRTypes::VT_Time, &name, set, {});
}

void ContentTree::composite(Relation relation, const Code& name, const ImageReference& reference) {
    const auto set = [&] {
        const DSRCompositeReferenceValue value(reference.sop_class.str(),
                                               reference.sop_instance.str(), kUnchecked);
        check(tree_->item().setCompositeReference(value, kUnchecked), "reference", &name);
    };
    add(relation, DSRTypes::VT_Composite, &name, set, {});
}

void ContentTree::image(Relation relation, const ImageReference& reference,
                        const Children& children, const Code* name) {
    const auto set = [&] {
        DSRImageReferenceValue value(reference.sop_class.str(), reference.sop_instance.str(),
                                     kUnchecked);  // any storage class, not only those it knows
        if (reference.frame) value.getFrameList().addItem(static_cast<Sint32>(*reference.frame));
        check(tree_->item().setImageReference(value, kUnchecked), "image reference", nullptr);
    };
    add(relation, DSRTypes::VT_Image, name, set, children);
}

void ContentTree::point(Relation relation, const Code& name, const inference::Point& at,
                        const ImageReference& reference) {
    const auto set = [&] {
        DSRSpatialCoordinatesValue value(DSRTypes::GT_Point);
        value.getGraphicDataList().addItem(static_cast<Float32>(at.column),
                                           static_cast<Float32>(at.row));
        check(tree_->item().setSpatialCoordinates(value), "point", &name);
    };
    add(relation, DSRTypes::VT_SCoord, &name, set,
        [&] { image(Relation::selected_from, reference); });
}

void ContentTree::closed_polyline(const Code& name, const std::vector<inference::Point>& outline,
                                  const ImageReference& reference, Relation relation) {
    const auto set = [&] {
        DSRSpatialCoordinatesValue value(DSRTypes::GT_Polyline);
        DSRGraphicDataList& points = value.getGraphicDataList();
        const auto append = [&](const inference::Point& point) {
            points.addItem(static_cast<Float32>(point.column), static_cast<Float32>(point.row));
        };
        for (const inference::Point& point : outline) append(point);
        append(outline.front());
        check(tree_->item().setSpatialCoordinates(value), "outline", &name);
    };
    add(relation, DSRTypes::VT_SCoord, &name, set,
        [&] { image(Relation::selected_from, reference); });
}

void ContentTree::write(DcmItem& dataset) {
    const OFCondition made = tree_->dcmtk.write(dataset);
    if (made.bad()) throw Error(Fault::bug, "SR content cannot be written: {}", made.text());
}

}  // namespace bucky::dicom_sr
