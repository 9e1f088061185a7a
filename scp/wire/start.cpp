// SPDX-License-Identifier: Apache-2.0
#include "scp/wire/start.h"

#include <csignal>

#include <sys/resource.h>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdict.h>
#include <dcmtk/dcmdata/dcrledrg.h>
#include <dcmtk/dcmdata/dcrleerg.h>
#include <dcmtk/dcmjpeg/djencode.h>
#include <dcmtk/dcmnet/dcompat.h>
#include <dcmtk/dcmnet/dicom.h>
#include <dcmtk/dcmnet/dul.h>
#include <dcmtk/oflog/oflog.h>

#include "conf/base/error.h"
#include "conf/base/ids.h"
#include "scp/wire/check.h"
#include "scp/wire/dial.h"

namespace bucky::scp {
namespace {

void check_dictionary() {
    if (dcmDataDict.isDictionaryLoaded()) return;
    throw Error(Fault::unavailable,
                "the DICOM data dictionary is not loaded: install the package libdcmtk17, which "
                "has /usr/share/libdcmtk17/dicom.dic, or name the file in DCMDICTPATH");
}

/// A DCMTK acceptor network opens a listening port of its own unless this global holds a socket. It
/// is set once, to a connection that nothing reads, so that no network of ours listens. The
/// network's own Layer provides the connection that is served.
void keep_from_listening() {
    static const auto never_read = connected_pair();
    dcmExternalSocketHandle.set(never_read.first.get());
}

/// Each association and each file needs a descriptor, so the default soft limit of 1024 is soon
/// reached. A higher limit is safe because we never use DCMTK's select() (Connection uses poll).
void lift_open_files_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

void start_wire() {
    static const bool started = [] {
        OFLog::configure(OFLogger::OFF_LOG_LEVEL);
        check_dictionary();
        (void)std::signal(SIGPIPE, SIG_IGN);
        lift_open_files_limit();
        dcmDisableGethostbyaddr.set(OFTrue);
        keep_from_listening();
        DcmRLEEncoderRegistration::registerCodecs();  // for destination.picture_syntax
        DcmRLEDecoderRegistration::registerCodecs();
        DJEncoderRegistration::registerCodecs();
        (void)rendezvous_address();
        // The first network initialises DCMTK's state machine without a lock, so it is created
        // here.
        T_ASC_Network* net = nullptr;
        check(ASC_initializeNetwork(NET_REQUESTOR, 0, 1, &net), "start DCMTK's network");
        const NetworkPtr first{net};
        return true;
    }();
    (void)started;
}

const std::string& implementation_class_uid() {
    static const std::string uid = Uid::from_name("implementation class").str();
    return uid;
}

const std::string& implementation_version_name() {
    static const std::string name = "BUCKY_0_1";  // at most 16 characters (PS3.7 D.3.3.2.4)
    return name;
}

}  // namespace bucky::scp
