// SPDX-License-Identifier: Apache-2.0
// The only file that includes Tesseract. It is built as a module (letter_reader.h says why).
#include "inference/pixels/letter_reader.h"

#include <tesseract/baseapi.h>
#include <tesseract/resultiterator.h>

namespace bucky::inference {
namespace {

constexpr int kDotsPerInch = 200;

class TesseractReader final : public LetterReader {
public:
    bool start() {
        std::vector<std::string> loaded;  // the first language is enough for Init()
        if (api_.Init(nullptr, "eng+kor", tesseract::OEM_LSTM_ONLY) == 0) {
            api_.GetLoadedLanguagesAsVector(&loaded);
        }
        (void)api_.SetVariable("debug_file", "/dev/null");
        return loaded.size() == 2;
    }

    std::optional<Found> read(Pix* picture, Layout layout) override {
        api_.SetPageSegMode(layout == Layout::line ? tesseract::PSM_SINGLE_LINE
                                                   : tesseract::PSM_SINGLE_BLOCK);
        api_.SetImage(picture);
        api_.SetSourceResolution(kDotsPerInch);
        if (api_.Recognize(nullptr) != 0) return std::nullopt;
        Found found;
        const std::unique_ptr<char[]> text{api_.GetUTF8Text()};
        if (text) found.text = text.get();
        add_symbols(found);
        api_.Clear();
        return found;
    }

private:
    void add_symbols(Found& found) {
        const std::unique_ptr<tesseract::ResultIterator> at{api_.GetIterator()};
        if (!at) return;
        do {
            const std::unique_ptr<char[]> symbol{at->GetUTF8Text(tesseract::RIL_SYMBOL)};
            if (!symbol) continue;
            found.symbols.push_back({symbol.get(), at->Confidence(tesseract::RIL_SYMBOL)});
        } while (at->Next(tesseract::RIL_SYMBOL));
    }

    tesseract::TessBaseAPI api_;
};

std::unique_ptr<LetterReader> make_reader() {
    auto reader = std::make_unique<TesseractReader>();
    if (!reader->start()) return nullptr;
    return reader;
}

}  // namespace
}  // namespace bucky::inference

const bucky::inference::TesseractModule bucky_tesseract_module{&bucky::inference::make_reader};
