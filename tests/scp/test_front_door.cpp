// SPDX-License-Identifier: Apache-2.0
#include "tests/scp/test_front_door.h"

#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "conf/base/clock.h"
#include "conf/observe/log.h"
#include "scp/wire/start.h"
#include "storage/site.h"
#include "storage/studies.h"

namespace bucky::test {
namespace {

conf::Settings settings_in(const std::filesystem::path& dir,
                           const std::function<void(conf::Settings&)>& change) {
    conf::Settings settings;
    settings.node.data_dir = dir;
    settings.scp.listen = "127.0.0.1";
    settings.scp.port = 0;
    settings.storage.min_free_mb = 1;
    if (change) change(settings);
    return settings;
}

}  // namespace

struct TestFrontDoor::Impl {
    explicit Impl(const std::function<void(conf::Settings&)>& change)
        : settings(settings_in(dir.path(), change)),
          first_opened(storage::Site{settings.node.data_dir}.open()),
          door(io, settings, clock, work) {
        door.open();
        thread = std::thread([this] { io.run(); });
    }

    TempDir dir;
    conf::Settings settings;
    SystemClock clock;
    Wakeup work;
    boost::asio::io_context io;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> busy{
        io.get_executor()};
    storage::Database first_opened;
    scp::FrontDoor door;
    std::thread thread;
};

TestFrontDoor::TestFrontDoor(const std::function<void(conf::Settings&)>& change) {
    log::set_level(log::Level::error);
    scp::start_wire();
    impl_ = std::make_unique<Impl>(change);
}

TestFrontDoor::~TestFrontDoor() {
    impl_->door.shut();
    impl_->busy.reset();
    impl_->thread.join();
}

int TestFrontDoor::port(std::size_t door) const {
    return impl_->door.port(door);
}
scp::FrontDoor& TestFrontDoor::door() {
    return impl_->door;
}
Wakeup& TestFrontDoor::work() {
    return impl_->work;
}
const conf::Settings& TestFrontDoor::settings() const {
    return impl_->settings;
}
const TempDir& TestFrontDoor::dir() const {
    return impl_->dir;
}

std::vector<TestFrontDoor::Kept> TestFrontDoor::kept(const std::string& study) {
    storage::Database db = storage::Site{impl_->settings.node.data_dir}.open();
    storage::Studies studies(db, impl_->clock);
    const auto line = studies.line(study);
    std::vector<Kept> all;
    for (const auto& one : studies.instances(study)) {
        all.push_back({.sop_instance = one.sop_instance.str(),
                       .transfer_syntax = one.transfer_syntax,
                       .accession_number = line ? line->accession_number : "",
                       .calling_ae = one.calling_ae,
                       .address = one.peer_address,
                       .file = impl_->settings.spool_dir() / one.file,
                       .conflicting = one.conflicting});
    }
    return all;
}

}  // namespace bucky::test
