// SPDX-License-Identifier: Apache-2.0
// TrueSyntaxes: the transfer syntaxes of an association that DCMTK does not know, as HTJ2K.
//
// DCMTK 3.6.7 negotiates any UID, and then neither reads nor answers a message in a context whose
// transfer syntax it does not know. Data sets are bytes to the node, so DCMTK is told another
// compressed syntax there after the negotiation, and the true one is kept here. Used by the thread
// of the association.
#pragma once

#include <map>
#include <string>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmnet/assoc.h>

namespace bucky::scp {

class TrueSyntaxes {
public:
    TrueSyntaxes() = default;

    /// Of an association that has been negotiated to its end. Changes what DCMTK reads in `params`.
    explicit TrueSyntaxes(T_ASC_Parameters& params);

    /// The transfer syntax that was negotiated for this accepted context.
    std::string of(const T_ASC_PresentationContext& accepted) const;

private:
    void hide(LST_HEAD*& contexts);

    std::map<T_ASC_PresentationContextID, std::string> true_;
};

}  // namespace bucky::scp
