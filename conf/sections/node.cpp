// SPDX-License-Identifier: Apache-2.0
#include "conf/sections/all.h"

namespace bucky::conf {
namespace {

constexpr Key<NodeSettings> kKeys[] = {
    {"ae_title", &NodeSettings::ae_title, Anything{}, "",
     "Application Entity title of this node: the name that modalities and the PACS call.",
     R"("BUCKY")"},
    {"data_dir", &NodeSettings::data_dir, Anything{}, "",
     "Folder for everything that must survive a power cut. Created if missing.",
     R"("/var/lib/bucky")"},
    {"language", choice<&NodeSettings::language>, OneOf{kWordsOf<Language>}, "",
     "Language of finding names in reports and pictures."},
    {"stop_timeout_s", &NodeSettings::stop_timeout_s, Range{1, 3600}, "s",
     "Time to finish work in progress after SIGTERM. The rest is resumed at the next start."},
    {"no_destination_ok", &NodeSettings::no_destination_ok, Anything{}, "",
     "true: accept that every [[destination]] is listed by a [[tenant]], so that results of images "
     "that no tenant owns are sent nowhere. false: such a configuration is refused."},
};

}  // namespace

Section<NodeSettings> node_section() {
    return {.name = "node", .field = &Settings::node, .keys = kKeys, .sentence = "This node."};
}

}  // namespace bucky::conf
