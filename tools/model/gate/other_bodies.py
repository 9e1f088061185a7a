# SPDX-License-Identifier: Apache-2.0
"""Pictures that are no frontal chest: other parts of the body, other modalities, an animal.

All are synthetic. They are simple on purpose and vary widely, because the gate must learn what a
chest is, not what these are.
"""
import numpy as np

from rays import X, Y, ball, bone, capsule, clouds, ellipse, film, stretched, tube


def _spread(random, low, high):
    return float(random.uniform(low, high))


def limb(random):
    """A thigh, lower leg, upper or lower arm, straight or bent at its joint, one or two bones."""
    bend = _spread(random, -1.2, 1.2) if random.random() < 0.5 else _spread(random, -0.15, 0.15)
    lean = _spread(random, -0.5, 0.5)
    joint = (_spread(random, -0.3, 0.3), _spread(random, -0.6, 0.8))
    width = _spread(random, 0.12, 0.45)
    thick = np.zeros_like(X)
    for direction in (lean - np.pi / 2, lean + bend + np.pi / 2):
        end = (joint[0] + 3 * np.cos(direction), joint[1] + 3 * np.sin(direction))
        thick += capsule(joint, end, width, width * _spread(random, 0.7, 1.5)) * 0.7
        count = random.integers(1, 3)
        for i in range(count):
            aside = (i - (count - 1) / 2) * width * _spread(random, 0.5, 0.9)
            off = (-np.sin(direction) * aside, np.cos(direction) * aside)
            size = width * _spread(random, 0.15, 0.4) / np.sqrt(count)
            start = (joint[0] + off[0], joint[1] + off[1])
            far = (end[0] + off[0], end[1] + off[1])
            thick += 2.5 * bone(start, far, size * 1.2, size, _spread(random, 0.3, 0.8))
            thick += 1.5 * ellipse(*start, size * 1.7, size * 1.3, direction)
    return film(random, thick)


def pair_of_limbs(random):
    gap = _spread(random, 0.3, 0.6)
    thick = np.zeros_like(X)
    for side in (-1, 1):
        top, bottom = (side * gap, -1.5), (side * gap * _spread(random, 0.6, 1.1), 1.5)
        width = gap * _spread(random, 0.5, 0.9)
        thick += 0.7 * capsule(top, bottom, width, width * 0.8)
        thick += 2 * bone(top, bottom, width * 0.35, width * 0.3)
        knee = _spread(random, -0.4, 0.4)
        thick += ellipse(side * gap, knee, width * 0.6, width * 0.5)
    return film(random, thick)


def hand(random):
    """A hand or a foot: five rays of phalanges, some bent together."""
    thick = 0.6 * ellipse(0, 0.45, _spread(random, 0.3, 0.5), _spread(random, 0.35, 0.6))
    thick += 0.6 * capsule((0, 0.6), (_spread(random, -0.2, 0.2), 1.6), 0.25, 0.3)
    fan = _spread(random, 0.1, 0.32)
    for finger in range(5):
        angle = (finger - 2) * fan - np.pi / 2 + _spread(random, -0.06, 0.06)
        place = np.array([(finger - 2) * 0.15, 0.25 + 0.05 * abs(finger - 2)])
        length = _spread(random, 0.28, 0.5) * (0.75 if finger in (0, 4) else 1)
        for part in range(4):
            step = np.array([np.cos(angle), np.sin(angle)]) * length * 0.72 ** part
            end = place + step
            thick += 0.35 * capsule(place, end, 0.09, 0.08)
            thick += 2 * bone(place + step * 0.08, end - step * 0.06, 0.045, 0.035)
            place = end
            angle += _spread(random, -0.1, 0.1)
    for _ in range(8):
        thick += ellipse(_spread(random, -0.25, 0.25), _spread(random, 0.6, 0.85), 0.08, 0.07)
    for side in (-0.1, 0.1):
        thick += 2 * bone((side, 0.9), (side * 1.5, 1.7), 0.1, 0.1)
    return film(random, thick)


def pelvis(random):
    """A pelvis, or one hip of it, with femora and bowel gas."""
    shift = _spread(random, -0.9, 0.9) if random.random() < 0.6 else 0.0
    drop = _spread(random, -0.3, 0.3)
    thick = 0.9 * ellipse(shift, drop - 0.4, _spread(random, 0.9, 1.3), 1.0)
    for side in (-1, 1):
        hip = (shift + side * _spread(random, 0.45, 0.6), drop + 0.25)
        flare = side * _spread(random, 0.25, 0.7)
        knee = (hip[0] + flare + side * 0.2, drop + 2.0)
        thick += 0.7 * capsule((hip[0] + side * 0.1, hip[1]), knee, 0.4, 0.3)
        neck = (hip[0] + side * 0.25, hip[1] + 0.2)
        thick += 1.6 * ellipse(*hip, 0.15, 0.15) + 1.6 * bone(hip, neck, 0.1, 0.13)
        thick += 1.6 * bone(neck, knee, 0.13, 0.11, 0.6)
        wing = (shift + side * 0.5, drop - 0.35)
        thick += 0.8 * ellipse(*wing, 0.3, 0.4, side * 0.5)
        ring = [(shift + side * 0.08, drop + 0.45), (shift + side * 0.3, drop + 0.62),
                (hip[0] - side * 0.05, hip[1] + 0.2), (shift + side * 0.35, drop - 0.1)]
        thick += 1.2 * tube(ring, 0.06)
    for i in range(6):
        thick += 0.5 * ellipse(shift, drop - 1.1 + i * 0.17, 0.14, 0.07)
    for _ in range(random.integers(2, 12)):
        gas = ellipse(shift + _spread(random, -0.5, 0.5), drop + _spread(random, -1, 0.2),
                      _spread(random, 0.05, 0.2), _spread(random, 0.04, 0.12))
        thick = np.clip(thick - gas * _spread(random, 1, 4), 0, None)
    return film(random, thick)


def abdomen(random):
    thick = 0.9 * ellipse(0, 0, _spread(random, 0.7, 1.2), 1.6)
    for i in range(9):
        y = -1 + i * 0.27
        thick += 0.5 * ellipse(0, y, 0.16, 0.1) + 0.4 * ellipse(0, y, 0.3, 0.03)
    for side in (-1, 1):
        for i in range(random.integers(0, 4)):
            y = -0.9 + 0.22 * i
            thick += 0.5 * tube([(side * 0.2, y - 0.2), (side * 0.6, y), (side * 0.8, y + 0.3)],
                                0.035)
        thick += 0.8 * ellipse(side * 0.6, 1.0, 0.35, 0.4, side * 0.4)
    for _ in range(random.integers(4, 20)):
        gas = ellipse(_spread(random, -0.7, 0.7), _spread(random, -0.8, 0.9),
                      _spread(random, 0.05, 0.25), _spread(random, 0.05, 0.15),
                      _spread(random, 0, 3))
        thick = np.clip(thick - gas * _spread(random, 1, 4), 0, None)
    return film(random, thick)


def skull(random):
    lateral = random.random() < 0.5
    thick = 1.0 * ellipse(0, -0.15, _spread(random, 0.55, 0.8), _spread(random, 0.6, 0.8))
    rim = _spread(random, 0.85, 0.95)
    thick += 2 * (ball((X / 0.7) ** 2 + ((Y + 0.15) / 0.75) ** 2) -
                  rim * ball((X / 0.7 / rim) ** 2 + ((Y + 0.15) / 0.75 / rim) ** 2))
    aside = -0.35 if lateral else 0.0
    for side in ((1,) if lateral else (-1, 1)):
        hole = ellipse(aside + side * 0.26, 0.05, 0.18, 0.15)
        thick = np.clip(thick - 1.5 * hole, 0, None)
    for i in range(10):
        tooth = aside + (i - 4.5) * 0.05
        thick += bone((tooth, 0.45), (tooth, 0.62), 0.03, 0.025)
    thick += 0.8 * tube([(aside - 0.4, 0.3), (aside - 0.3, 0.7), (aside, 0.85), (aside + 0.3, 0.7),
                         (aside + 0.4, 0.3)], 0.09)
    for i in range(6):
        thick += 0.7 * ellipse(0.1 if lateral else 0, 0.6 + i * 0.16, 0.17, 0.07)
    return film(random, thick)


def neck(random):
    """A neck from the side or from the front: vertebrae in a bent row, airway, jaw, shoulders."""
    lateral = random.random() < 0.7
    width = _spread(random, 0.3, 0.5)
    bend, lean = _spread(random, -0.3, 0.3), _spread(random, -0.3, 0.3)
    thick = 0.8 * capsule((lean, -1.3), (0, 0.7), width * 1.3, width)
    thick += 0.9 * ellipse(0, 1.4, _spread(random, 0.8, 1.4), _spread(random, 0.5, 0.8))
    size = _spread(random, 0.11, 0.17)
    aside = -0.12 if lateral else 0.0
    for i in range(10):
        y = -0.9 + i * size * 1.45
        x = aside + bend * (1 - y * y) + lean * -y * 0.5
        thick += 0.9 * ellipse(x, y, size, size * 0.55)
        if lateral:
            thick += 0.6 * ellipse(x - size * 2.0, y + 0.05, size * 0.8, size * 0.3, 0.4)
    airway = tube([(aside + 0.3 + bend * 0.5, -0.6), (aside + 0.28 + bend, 0.0),
                   (aside + 0.2, 1.1)], _spread(random, 0.05, 0.09))
    thick = np.clip(thick - _spread(random, 0.5, 2) * airway, 0, None)
    if random.random() < 0.7:
        thick += 1.2 * tube([(lean + 0.05, -0.8), (lean + 0.3, -0.55), (lean + 0.75, -0.6)], 0.11)
        thick += 1.2 * ellipse(lean, -1.3, 0.7, 0.5)
    return film(random, thick)


def teeth(random):
    """A panoramic view of both jaws in a band, or a few teeth on a small film."""
    near = random.random() < 0.4
    thick = 0.4 + 0.2 * clouds(random, 1.5)
    scale = 3.0 if near else 1.0
    curve = _spread(random, -0.3, 0.5)
    for i in range(17):
        x = (i - 8) * _spread(random, 0.095, 0.105) * scale
        y = curve * (x / scale) ** 2
        width = _spread(random, 0.03, 0.045) * scale
        for way in (-1, 1):
            crown = (x, y + way * 0.03 * scale)
            root = (x + _spread(random, -0.02, 0.02), y + way * _spread(random, 0.2, 0.32) * scale)
            thick = thick + 1.5 * capsule(crown, root, width, width * 0.4)
            if random.random() < 0.2:
                thick = thick + 3 * ellipse(*crown, width * 0.8, width * 0.6)
    if not near:
        jaw = [(-0.85, -0.4), (-0.75, 0.3), (-0.4, 0.5), (0, 0.55), (0.4, 0.5), (0.75, 0.3),
               (0.85, -0.4)]
        thick = thick + 0.8 * tube(jaw, 0.09) + 0.6 * ellipse(0, -0.3, 0.1, 0.4)
    picture = film(random, thick)
    if not near:
        picture = np.where(np.abs(Y) < _spread(random, 0.4, 0.7), picture, 0)
    return picture


def spine(random):
    """A column of vertebrae from the front or the side, straight or curved."""
    side_view = random.random() < 0.5
    thick = 0.8 * capsule((0, -2), (0, 2), _spread(random, 0.4, 1.0), _spread(random, 0.4, 1.0))
    curve, phase = _spread(random, 0, 0.25), _spread(random, 0, 6)
    count = int(random.integers(5, 13))
    height = 2.2 / count
    for i in range(count):
        y = -1.1 + (i + 0.5) * height
        x = curve * np.sin(2 * y + phase)
        width = _spread(random, 0.8, 1.0) * height * (0.8 if side_view else 1.0)
        thick += 1.2 * ellipse(x, y, width, height * 0.42)
        if side_view:
            thick += 0.7 * capsule((x + width * 0.6, y), (x + width * 2.2, y + height * 0.5),
                                   height * 0.2, height * 0.15)
        else:
            thick += 0.5 * ellipse(x, y, width * 1.8, height * 0.12)
            thick += ellipse(x, y + height * 0.1, height * 0.1, height * 0.25)
    return film(random, thick)


def lying_animal(random):
    """A trunk seen from the side: spine along the back, sloping ribs, dark lung, round heart."""
    back = _spread(random, -0.6, -0.3)
    belly = _spread(random, 0.5, 0.8)
    thick = 0.8 * capsule((-2, (back + belly) / 2), (2, (back + belly) / 2),
                          (belly - back) / 2 + 0.1, (belly - back) / 2 + _spread(random, 0, 0.2))
    border = _spread(random, 0.0, 0.5)
    lung = (Y > back + 0.1) & (X < border + (Y - back) * -0.3) & (Y < belly - 0.15) & (X > -0.7)
    thick = np.where(lung, thick * _spread(random, 0.3, 0.6), thick)
    thick += 0.8 * ellipse(_spread(random, -0.4, -0.1), _spread(random, 0.1, 0.3),
                           _spread(random, 0.2, 0.32), _spread(random, 0.18, 0.3), 0.5)
    for i in range(24):
        thick += 0.8 * ellipse(-1.1 + i * 0.095, back, 0.05, 0.07)
        thick += 0.4 * capsule((-1.1 + i * 0.095, back - 0.05), (-1.05 + i * 0.095, back - 0.18),
                               0.02, 0.015)
    slant = _spread(random, 0.1, 0.6)
    for i in range(13):
        x = -0.9 + i * 0.13
        thick += 0.5 * tube([(x, back), (x + slant * 0.6, back + 0.4), (x + slant * 0.4, belly)],
                            0.02)
    if random.random() < 0.6:
        thick += 1.2 * bone((-0.7, 0.1), (-1.2, 1.2), 0.08, 0.07)
        thick += 0.5 * capsule((-0.7, 0.1), (-1.2, 1.2), 0.2, 0.16)
    return film(random, thick)


def side_of_chest(random):
    """A chest from the side, as in a textbook: spine behind, sternum and heart in front."""
    thick = 0.8 * ellipse(0, 0, _spread(random, 0.6, 0.85), 1.4)
    for front, x in ((1, _spread(random, 0.0, 0.15)), (0, _spread(random, -0.25, -0.1))):
        lung = ellipse(x, -0.05, _spread(random, 0.35, 0.5), _spread(random, 0.65, 0.85), 0.15)
        thick = np.clip(thick - (1.0 if front else 0.7) * lung, 0.03, None)
    thick += 0.8 * ellipse(_spread(random, 0.1, 0.3), 0.25, 0.28, 0.35, 0.5)
    dome = Y > 0.55 + 0.25 * (X - 0.2) ** 2 - 0.2 * X
    thick = np.where(dome, np.maximum(thick, 0.6), thick)
    for i in range(13):
        y = -1 + i * 0.16
        thick += 0.6 * ellipse(-0.5 + 0.12 * np.cos(2 * y), y, 0.12, 0.065)
        if i < 9:
            thick += 0.25 * tube([(-0.5, y), (-0.1, y + 0.3), (0.45, y + 0.25)], 0.02)
    thick += 0.5 * tube([(0.5, -0.6), (0.6, 0.3)], 0.04)
    return film(random, thick)


def slice_of_body(random):
    """A cross-section of trunk or head, with organs, vessels and bone, as in CT or MR."""
    a, b = _spread(random, 0.6, 0.95), _spread(random, 0.45, 0.85)
    inside = (X / a) ** 2 + (Y / b) ** 2 < 1
    picture = np.where(inside, 0.45, 0.0)
    for _ in range(random.integers(2, 14)):
        organ = ellipse(_spread(random, -a, a) * 0.7, _spread(random, -b, b) * 0.7,
                        _spread(random, 0.05, 0.4), _spread(random, 0.05, 0.3),
                        _spread(random, 0, 3)) > 0
        picture = np.where(organ & inside, _spread(random, 0.1, 0.8), picture)
    low = b * _spread(random, 0.3, 0.7)
    picture = np.maximum(picture, (ellipse(0, low, 0.13, 0.1) > 0) * 1.0)
    rim = ((X / a) ** 2 + (Y / b) ** 2 > _spread(random, 0.8, 0.95)) & inside
    picture = np.where(rim, _spread(random, 0.2, 1.0), picture)
    picture = picture + 0.1 * (clouds(random, 1) - 0.5) * inside
    return stretched(picture + random.normal(size=X.shape) * _spread(random, 0, 0.05))


def sector(random):
    """An ultrasound sector."""
    angle = np.arctan2(X, Y + 1.1)
    depth = np.hypot(X, Y + 1.1)
    inside = (np.abs(angle) < _spread(random, 0.5, 0.9)) & (depth < 1.9) & (depth > 0.15)
    speckle = clouds(random, 0.3) ** 2 * clouds(random, 1.2)
    return stretched(np.where(inside, 0.1 + speckle, 0))


def breast(random):
    thick = ellipse(-1.1, 0, _spread(random, 1.0, 1.7), _spread(random, 0.6, 1.0))
    glands = clouds(random, _spread(random, 1.0, 2.0)) * thick
    return stretched(thick * 0.4 + glands ** _spread(random, 0.7, 2))


def whole_skeleton(random):
    """A thin whole body, as in a bone scan."""
    thin = _spread(random, 0.1, 0.25)
    thick = ellipse(0, -0.8, thin * 0.5, 0.1) + capsule((0, -0.65), (0, 0), thin, thin * 0.8)
    for side in (-1, 1):
        thick += capsule((side * thin, -0.6), (side * thin * 1.7, 0.05), 0.04, 0.03)
        thick += capsule((side * thin * 0.5, 0), (side * thin * 0.6, 0.95), 0.07, 0.04)
    return stretched(thick + 0.1 * random.normal(size=X.shape) * (thick > 0))


FAMILIES = (limb, limb, pair_of_limbs, hand, pelvis, pelvis, abdomen, skull, neck, neck, teeth,
            spine, lying_animal, lying_animal, side_of_chest, side_of_chest, slice_of_body, sector,
            breast, whole_skeleton)
