// SPDX-License-Identifier: Apache-2.0
#include "inference/pixels/shutter.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

#include "inference/pixels/dicom_file.h"

namespace bucky::inference {
namespace {

constexpr unsigned long kShapesMax = 3;
constexpr unsigned long kNumbersMax = 2048;  // 1024 vertices of a polygon

/// Columns of one row that a shape shows, from 1 as in the attributes; both ends included.
struct Interval {
    double first = 0, last = 0;
};

using Visible = std::vector<Interval>;  // intervals of one row

std::vector<double> numbers_of(DcmItem& dataset, const DcmTagKey& tag, std::size_t least) {
    std::vector<double> numbers;
    for (unsigned long i = 0; i < kNumbersMax; ++i) {
        Sint32 value = 0;
        if (dataset.findAndGetSint32(tag, value, i).bad()) break;
        numbers.push_back(value);
    }
    if (numbers.size() < least) numbers.clear();
    return numbers;
}

/// One shape, evaluated row by row.
class Shape {
public:
    virtual ~Shape() = default;
    virtual Visible visible(double row) const = 0;
};

class Rectangle final : public Shape {
public:
    Rectangle(double left, double right, double top, double bottom)
        : left_(left), right_(right), top_(top), bottom_(bottom) {}
    Visible visible(double row) const override {
        if (row < top_ || row > bottom_) return {};
        return {{left_, right_}};
    }

private:
    double left_, right_, top_, bottom_;
};

/// The radius is in columns: if a pixel is twice as high as wide, it spans half as many rows.
class Circle final : public Shape {
public:
    Circle(double row, double column, double radius, double pixel_ratio)
        : row_(row), column_(column), radius_(radius), pixel_ratio_(pixel_ratio) {}
    Visible visible(double row) const override {
        const double up = (row - row_) * pixel_ratio_;
        const double squared = radius_ * radius_ - up * up;
        if (squared < 0) return {};
        return {{column_ - std::sqrt(squared), column_ + std::sqrt(squared)}};
    }

private:
    double row_, column_, radius_, pixel_ratio_;
};

/// Even-odd rule, evaluated at the centre of each row.
class Polygon final : public Shape {
public:
    explicit Polygon(std::vector<double> rows_and_columns) : at_(std::move(rows_and_columns)) {}
    Visible visible(double row) const override {
        std::vector<double> crossings;
        const std::size_t vertices = at_.size() / 2;
        for (std::size_t i = 0; i < vertices; ++i) {
            const std::size_t j = (i + 1) % vertices;
            const double row_i = at_[2 * i], row_j = at_[2 * j];
            if ((row_i <= row) == (row_j <= row)) continue;
            const double share = (row - row_i) / (row_j - row_i);
            crossings.push_back(at_[2 * i + 1] + share * (at_[2 * j + 1] - at_[2 * i + 1]));
        }
        std::sort(crossings.begin(), crossings.end());
        Visible visible;
        for (std::size_t i = 0; i + 1 < crossings.size(); i += 2) {
            visible.push_back({crossings[i], crossings[i + 1]});
        }
        return visible;
    }

private:
    std::vector<double> at_;
};

std::unique_ptr<Shape> rectangle_of(DcmItem& dataset) {
    const auto edge = [&](const DcmTagKey& tag) { return numbers_of(dataset, tag, 1); };
    const auto left = edge(DCM_ShutterLeftVerticalEdge);
    const auto right = edge(DCM_ShutterRightVerticalEdge);
    const auto top = edge(DCM_ShutterUpperHorizontalEdge);
    const auto bottom = edge(DCM_ShutterLowerHorizontalEdge);
    if (left.empty() || right.empty() || top.empty() || bottom.empty()) return nullptr;
    return std::make_unique<Rectangle>(left[0], right[0], top[0], bottom[0]);
}

std::unique_ptr<Shape> shape_of(DcmItem& dataset, const std::string& name, double pixel_ratio) {
    if (name == "RECTANGULAR") return rectangle_of(dataset);
    if (name == "CIRCULAR") {
        const auto centre = numbers_of(dataset, DCM_CenterOfCircularShutter, 2);
        const auto radius = numbers_of(dataset, DCM_RadiusOfCircularShutter, 1);
        if (centre.empty() || radius.empty()) return nullptr;
        return std::make_unique<Circle>(centre[0], centre[1], radius[0], pixel_ratio);
    }
    if (name == "POLYGONAL") {
        auto vertices = numbers_of(dataset, DCM_VerticesOfThePolygonalShutter, 6);
        if (vertices.empty()) return nullptr;
        return std::make_unique<Polygon>(std::move(vertices));
    }
    return nullptr;
}

/// Marks in `hidden` what this row of a shape does not show.
void hide(std::uint8_t* hidden, std::uint32_t columns, const Visible& visible) {
    double next = 1;                        // the first column that no interval has shown yet
    const auto hide_to = [&](double end) {  // [next, end)
        for (double c = next; c < std::min(end, columns + 1.0); ++c) {
            hidden[static_cast<std::size_t>(c) - 1] = 1;
        }
    };
    for (const Interval& interval : visible) {
        hide_to(std::ceil(interval.first));
        next = std::max(next, std::floor(interval.last) + 1);
    }
    hide_to(columns + 1.0);
}

}  // namespace

std::vector<std::uint8_t> read_shutter(DcmItem& dataset, std::uint32_t rows, std::uint32_t columns,
                                       double pixel_ratio) {
    std::vector<std::unique_ptr<Shape>> shapes;
    for (unsigned long i = 0; i < kShapesMax; ++i) {
        const std::string name = text_of(dataset, DCM_ShutterShape, i);
        if (auto shape = shape_of(dataset, name, pixel_ratio)) shapes.push_back(std::move(shape));
    }
    if (shapes.empty()) return {};
    std::vector<std::uint8_t> hidden(std::size_t{rows} * columns);
    for (std::uint32_t row = 0; row < rows; ++row) {
        for (const auto& shape : shapes) {
            hide(hidden.data() + std::size_t{row} * columns, columns, shape->visible(row + 1.0));
        }
    }
    const bool shows_something = std::find(hidden.begin(), hidden.end(), 0) != hidden.end();
    const bool hides_something = std::find(hidden.begin(), hidden.end(), 1) != hidden.end();
    if (!shows_something || !hides_something) hidden.clear();
    return hidden;
}

}  // namespace bucky::inference
