#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Plants names in real radiographs and judges how many stay at home (docs/decisions/0921).

  draw OUT --part fit|judge   films without and with a name; OUT/truth.json tells where
  fit OUT                     weights of the score, from bench_text_in_pixels --measures
  judge OUT                   the figures, from bench_text_in_pixels

The parts share no patient and no font. A package of Debian has each font:
  fit    fonts-dejavu-core, fonts-nanum, xfonts-base 6x13
  judge  fonts-liberation, fonts-freefont-ttf, fonts-unfonts-core, xfonts-base 8x13, 9x15, 10x20
"""
import argparse
import collections
import glob
import json
import os
import random
import sys
import zlib

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

FILMS = ["nih512/*.jpg", "adult/nih_nodule_mass/*.jpg", "adult/rsna_normal/*.jpg",
         "adult/rsna_opacity/*.jpg", "kermany/*.jpeg"]
TYPES = "/usr/share/fonts/truetype/"
BITMAPS = "/usr/share/fonts/X11/misc/"
LATIN = {"fit": ["dejavu/DejaVuS*.ttf"], "judge": ["liberation*/*.ttf", "freefont/*.ttf"]}
KOREAN = {"fit": ["nanum/Nanum*.ttf"],  # UnPilgi imitates handwriting
          "judge": ["unfonts-core/Un[BDG]*.ttf"]}
DOTS = {"fit": [("6x13", 13)], "judge": [("8x13", 13), ("9x15", 15), ("10x20", 20)]}

FAMILY = ["KIM", "LEE", "PARK", "CHOI", "JUNG", "Smith", "Garcia", "Nguyen", "HONG", "Müller",
          "Johansson", "O'Brien", "Ivanov", "Kowalski", "Tanaka"]
GIVEN = ["MINSU", "Gildong", "JI-WOO", "Maria", "John", "Anna", "SOYEON", "Peter", "Elisabeth",
         "Omar", "YUNA", "Hans", "Fatima", "Chloe"]
KOREAN_FAMILY = "김이박최정강조윤장임한오서신권황안송류홍"
KOREAN_GIVEN = "민수지우서연현준하은도윤예진성호영미경숙길동재희태양"


def patient_of(film):
    name = os.path.basename(film)
    return (name[4:] if name[3] == "_" and name[:3].isupper() else name).split("_")[0]


def films_of(folder, part, dice):
    half = 0 if part == "fit" else 1
    kinds = []
    for pattern in FILMS:
        films = sorted(glob.glob(os.path.join(folder, pattern)))
        films = [f for f in films if zlib.crc32(patient_of(f).encode()) % 2 == half]
        dice.shuffle(films)
        kinds.append(films)
    return kinds


def shares(kinds, count, skip):
    """Films of every kind: four in ten of nih512, one in ten of each other, the rest of RSNA."""
    wanted = [0.4, 0.04, 0.23, 0.23, 0.1]
    taken = []
    for films, share in zip(kinds, wanted):
        many = round(share * count)
        taken += films[int(skip * share):][:many]
    return taken


def a_name(dice):
    """The words, and whether they are Korean."""
    if dice.random() < 0.35:
        return dice.choice(KOREAN_FAMILY) + "".join(dice.sample(KOREAN_GIVEN, 2)), True
    family, given = dice.choice(FAMILY), dice.choice(GIVEN)
    number = dice.randint(10**6, 10**8)
    born = f"{dice.randint(1930, 2015)}-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}"
    return dice.choice([f"{family}^{given}", f"{family}, {given}", f"{given} {family}",
                        f"{family} {given}".upper(), f"{family}^{given} {number}", f"ID {number}",
                        f"{family} {born}", f"Name: {family} {given}"]), False


def some(patterns):
    found = []
    for pattern in patterns:
        found += sorted(glob.glob(TYPES + pattern))
    return [f for f in found if not any(w in f for w in ("ExtraLight", "Eco", "Math", "Symbol"))]


def letters(words, is_korean, part, size, dice):
    """The words as a mask, 0 to 255, and the font's name."""
    if not is_korean and dice.random() < 0.2:
        name, high = dice.choice(DOTS[part])
        font = ImageFont.truetype(f"{BITMAPS}{name}.pcf.gz", high)
        times = max(1, round(size / (0.62 * high)))
        words = words.encode("latin-1", "replace").decode("latin-1")
    else:
        file = dice.choice(some((KOREAN if is_korean else LATIN)[part]))
        name, times = os.path.basename(file), 1
        font = ImageFont.truetype(file, round(size * (1.15 if is_korean else 1.37)))
    left, top, right, bottom = font.getbbox(words)
    mask = Image.new("L", (right - left + 4, bottom - top + 4))
    ImageDraw.Draw(mask).text((2 - left, 2 - top), words, font=font, fill=255)
    if times > 1:
        mask = mask.resize((mask.size[0] * times, mask.size[1] * times), Image.NEAREST)
    return mask, name


def collimated(pixels, dice):
    """Black beyond the field; returns its box."""
    rows, columns = pixels.shape
    box = [round(dice.uniform(0.03, 0.14) * s) for s in (columns, rows, columns, rows)]
    black = dice.choice([0, 0, 8])
    pixels[:box[1]] = black
    pixels[rows - box[3]:] = black
    pixels[:, :box[0]] = black
    pixels[:, columns - box[2]:] = black
    return box


def place_of(place, size, wide, high, pixels, dice):
    """Left and top of the letters."""
    columns, rows = size
    free = [columns - wide, rows - high]
    x, y = dice.randint(0, free[0]), dice.randint(0, free[1])
    edge = dice.randrange(4)
    if place == "border":
        near = dice.randint(2, max(3, columns // 25))
        x, y = [(x, near), (x, free[1] - near), (near, y), (free[0] - near, y)][edge]
    elif place == "collimation":  # in the black beyond the field, or across its edge
        left, top, right, bottom = collimated(pixels, dice)
        at = dice.uniform(0, 1)
        x, y = [(x, round(at * top)), (x, free[1] - round(at * bottom)),
                (round(at * left), y), (free[0] - round(at * right), y)][edge]
    elif place == "shoulder":
        x = round(dice.choice([dice.uniform(0.02, 0.3), dice.uniform(0.7, 0.98)]) * columns
                  - wide / 2)
        y = round(dice.uniform(0.04, 0.2) * rows)
    elif place == "lungs":
        x = round(dice.uniform(0.3, 0.7) * columns - wide / 2)
        y = round(dice.uniform(0.25, 0.7) * rows - high / 2)
    return min(max(0, x), free[0]), min(max(0, y), free[1])


def burnt(region, mask, contrast, style, dice):
    """Burns the letters into the region; returns whether a person could read them."""
    alpha = np.asarray(mask).astype(float) / 255
    ground = np.median(region)
    grey = 255.0 if ground < 128 + dice.randint(0, 90) else 0.0
    if contrast == "low":
        by = dice.choice([32, 40, 60])
        grey = min(255.0, max(0.0, ground + (by if grey else -by)))
    if style == "box":
        region[:] = ground - (grey - ground) * 0.2 if contrast == "low" else 255 - grey
    elif style == "outline":
        around = np.asarray(mask.filter(ImageFilter.MaxFilter(3))).astype(float) / 255
        region[:] = region * (1 - around) + (255 - grey if contrast != "low" else ground) * around
    ink = alpha > 0.5
    if not ink.any() or np.percentile(np.abs(grey - region[~ink]), 20) < 28:
        return False
    region[:] = (region * (1 - alpha) + grey * alpha).clip(0, 255)
    return True


def planted(film, part, dice, noise):
    """A film with a name, and what is known of it; None where nobody could read it."""
    picture = Image.open(film).convert("L")
    columns = dice.choice([512, 768, 1024, 1536, 2048, 2500])
    rows = round(columns * picture.size[1] / picture.size[0])
    pixels = np.asarray(picture.resize((columns, rows), Image.BICUBIC)).astype(float)
    if columns > 512:
        pixels = pixels + noise.normal(0, dice.choice([0.5, 1, 2, 3]), pixels.shape)
    pixels = pixels.clip(0, 255)
    words, is_korean = a_name(dice)
    smallest, largest = 10, max(14, 0.05 * rows)
    size = smallest * (largest / smallest) ** dice.random()
    mask, font = letters(words, is_korean, part, size, dice)
    turn = dice.choice([0, 0, 0, 90, 180, 270])
    mask = mask.rotate(turn, expand=True)
    wide, high = mask.size
    if wide >= columns - 8 or high >= rows - 8:
        return None
    place = dice.choice(["border", "border", "collimation", "collimation", "shoulder", "anywhere",
                         "anywhere", "lungs"])
    x, y = place_of(place, (columns, rows), wide, high, pixels, dice)
    contrast = "low" if dice.random() < 0.3 else "full"
    style = dice.choice(["plain", "plain", "plain", "box", "outline"])
    if not burnt(pixels[y:y + high, x:x + wide], mask, contrast, style, dice):
        return None
    ys, xs = np.nonzero(np.asarray(mask) > 127)
    ink = np.stack([xs + x, ys + y])
    known = dict(words=words, font=font, size=round(size), turn=turn, place=place,
                 contrast=contrast, style=style, columns=columns, rows=rows,
                 film=os.path.basename(film))
    return Image.fromarray(pixels.astype(np.uint8)), ink, known


def draw(args):
    dice, noise = random.Random(args.seed), np.random.default_rng(args.seed)
    kinds = films_of(args.films, args.part, dice)
    os.makedirs(args.out, exist_ok=True)
    films = shares(kinds, args.real, args.after)
    for at, film in enumerate(films):
        picture = Image.open(film).convert("L")
        if picture.size[0] < 512:
            picture = picture.resize((2 * picture.size[0], 2 * picture.size[1]), Image.BICUBIC)
        picture.save(f"{args.out}/real{at:04}.pgm")
        with open(f"{args.out}/films.txt", "a", encoding="utf-8") as log:
            log.write(f"real{at:04} {film}\n")
    bases, truth = films if args.after else shares(kinds, args.named * 2, args.real), {}
    while len(truth) < args.named:
        made = planted(dice.choice(bases), args.part, dice, noise)
        if made is None:
            continue
        name = f"name{len(truth):04}"
        made[0].save(f"{args.out}/{name}.pgm")
        np.save(f"{args.out}/{name}.npy", made[1].astype(np.int16))
        truth[name] = made[2]
    with open(f"{args.out}/truth.json", "w", encoding="utf-8") as file:
        json.dump(truth, file, ensure_ascii=False, indent=0)


def stem(file):
    return os.path.basename(file).split(".")[0]


def is_over_lungs(box, size):
    """As in inference/pixels/text_search.cpp, for a field without collimation."""
    def away(low, high, side):
        return (np.clip(0.5, low / side, high / side) - 0.5) / 0.4
    return away(box[0], box[0] + box[2], size[0]) ** 2 + away(
        box[1], box[1] + box[3], size[1]) ** 2 < 1


def labelled(line, ink, size):
    """1: letters of the name; 0: something else that must not be taken for text; None: unclear."""
    x, y, wide, high = line[:4]
    if ink is None:
        return 0 if is_over_lungs(line, size) or line[4] < 1.1 else None
    inside = ((ink[0] >= x - 1) & (ink[0] < x + wide + 1)
              & (ink[1] >= y - 1) & (ink[1] < y + high + 1)).mean()
    low, high_ = ink.min(axis=1), ink.max(axis=1)
    area = np.prod(high_ - low + 1)
    if inside > 0.3 and wide * high < 2.5 * area:
        return 1
    apart = x > high_[0] or x + wide < low[0] or y > high_[1] or y + high < low[1]
    return 0 if apart and (is_over_lungs(line, size) or line[4] < 1.1) else None


def fit(args):
    """A logistic regression in which both classes weigh alike."""
    import torch  # only here
    rows, labels = [], []
    sizes, inks = {}, {}
    with_text = set(open(args.with_text, encoding="utf-8").read().split()) if args.with_text else ()
    for text in sys.stdin:
        parts = text.split()
        name, line = stem(parts[0]), [float(v) for v in parts[1:]]
        if name not in sizes:
            sizes[name] = Image.open(parts[0]).size
            file = f"{args.out}/{name}.npy"
            inks[name] = np.load(file) if os.path.exists(file) else None
        label = labelled(line, inks[name], sizes[name])
        if label is None or (label == 0 and name in with_text):
            continue
        rows.append(line[4:])
        labels.append(label)
    x, y = np.array(rows), torch.tensor(labels, dtype=torch.float64)
    mean, spread = x.mean(0), x.std(0)
    features = torch.tensor((x - mean) / spread)
    weights = torch.zeros(x.shape[1], dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    each = torch.where(y > 0, 0.5 / y.sum(), 0.5 / (1 - y).sum())
    steps = torch.optim.LBFGS([weights, bias], max_iter=300, line_search_fn="strong_wolfe")

    def loss():
        steps.zero_grad()
        error = torch.nn.functional.binary_cross_entropy_with_logits(
            features @ weights + bias, y, reduction="none")
        total = (each * error).sum() + 1e-4 * (weights * weights).sum()
        total.backward()
        return total

    steps.step(loss)
    print(f"// {int(y.sum())} lines of names, {int((1 - y).sum())} others")
    for m, s, w in zip(mean, spread, weights.tolist()):
        print(f"    {{{m:.4g}, {s:.4g}, {w:.4g}}},")
    print(f"kScoreBias = {bias.item():.4g};")


def painted(result, shape):
    """What mask_text() paints over."""
    mask = np.zeros(shape, bool)
    for x, y, wide, high, is_harmless, _ in result["lines"]:
        if is_harmless:
            continue
        across, along = 2 + 2 * min(wide, high) // 5, 2 + 2 * min(wide, high)
        aside, above = (along, across) if wide >= high else (across, along)
        mask[max(0, y - above):y + high + above, max(0, x - aside):x + wide + aside] = True
    return mask


def judge(args):
    results = {stem(r["file"]): r for r in map(json.loads, sys.stdin)}
    with open(f"{args.out}/truth.json", encoding="utf-8") as file:
        truth = json.load(file)
    real = {n: r for n, r in results.items() if n not in truth}
    areas = [painted(r, Image.open(r["file"]).size[::-1]).mean() for r in real.values()
             if r["masked"]]
    held = sorted(n for n, r in real.items() if r["withheld"])
    print(f"real films {len(real)}: withheld {len(held)} {held}, masked {len(areas)}, "
          f"of the picture (median, largest) {np.median(areas or [0]):.4f} {max(areas or [0]):.4f}")
    table, left = collections.defaultdict(lambda: [0, 0, 0]), []
    for name, known in truth.items():
        if name not in results:
            continue
        result, (xs, ys) = results[name], np.load(f"{args.out}/{name}.npy").astype(int)
        covered = painted(result, (known["rows"], known["columns"]))[ys, xs].mean()
        home = bool(result["withheld"]) or covered >= 0.9
        if not home:
            left.append((round(float(covered), 2), name, known, result["lines"]))
        for group in ("all", known["place"], known["contrast"], known["style"],
                      "Hangul" if known["words"][0] > "가" else "Latin",
                      "bitmap" if known["font"][0].isdigit() else "outline font",
                      "turned" if known["turn"] else "upright",
                      "<15 px" if known["size"] < 15 else ">=15 px"):
            cell = table[group]
            cell[0] += 1
            cell[1] += home
            cell[2] += bool(result["withheld"])
    for group, (count, home, held_) in table.items():
        print(f"{group:14} names {count:4}: stayed {home:4} ({100 * home / count:5.1f} %), "
              f"of them by not sending {held_}")
    times = sorted(r["ms"] for r in results.values())
    print(f"ms: median {times[len(times) // 2]}, p99 {times[len(times) * 99 // 100]}")
    for gone in left:
        print("LEFT", *gone)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("what", choices=["draw", "fit", "judge"])
    parser.add_argument("out")
    parser.add_argument("--part", choices=["fit", "judge"], default="judge")
    parser.add_argument("--films", default="../shared/training")
    parser.add_argument("--real", type=int, default=500)
    parser.add_argument("--named", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--after", type=int, default=0, help="films that an earlier draw took")
    parser.add_argument("--with-text", help="names of films that carry text; no examples of none")
    args = parser.parse_args()
    {"draw": draw, "fit": fit, "judge": judge}[args.what](args)


if __name__ == "__main__":
    main()
