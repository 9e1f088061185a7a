// SPDX-License-Identifier: Apache-2.0
// What the files of the tree declare, as far as text tells it: the fields of each aggregate, the
// types of variables and of parameters. A name is looked up where a reader would look: in the file
// itself, then in the headers that it includes.
//
// Not seen: templates of aggregates, aggregates with a base class, aliases, and `auto`.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/house/tokens.h"

namespace bucky::house {

using Names = std::set<std::string>;

struct FileDeclarations {
    std::map<std::string, std::vector<std::size_t>> aggregates;  ///< numbers of fields by name
    std::map<std::string, Names> variables;   ///< and members: name -> types of aggregates
    std::map<std::string, Names> containers;  ///< the same of what they hold
    /// name -> the types of the parameters, one list a declaration; "" where it is no plain name
    std::map<std::string, std::vector<std::vector<std::string>>> functions;
};

class Declarations {
public:
    explicit Declarations(const std::vector<SourceFile>& files);

    const Tokens& tokens(const std::string& path) const { return tokens_.at(path); }

    /// The number of fields of an aggregate as `path` sees it; 0: it sees none of this name, or
    /// one of no more than `few`.
    std::size_t fields(const std::string& path, const std::string& name, std::size_t few) const;

    /// The types that a variable or member may have, none where a container is called the same.
    Names types_of(const std::string& path, const std::string& variable) const;
    Names types_in(const std::string& path, const std::string& container) const;

    /// The types that a function's parameter may have, counted from 0.
    Names parameter(const std::string& path, const std::string& function, std::size_t nth) const;

    bool is_aggregate(const std::string& name) const { return names_.contains(name); }

private:
    using Variables = std::map<std::string, Names> FileDeclarations::*;
    Names look_up(const std::string& path, Variables variables, const std::string& name) const;
    const Names& seen_by(const std::string& path) const;

    std::map<std::string, Tokens> tokens_;
    std::map<std::string, FileDeclarations> files_;
    std::map<std::string, Names> included_;          ///< by the file itself
    mutable std::map<std::string, Names> closures_;  ///< and by what it includes
    Names names_;                                    ///< of all aggregates
};

}  // namespace bucky::house
