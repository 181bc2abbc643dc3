"""How the two domains differ in what stands where. What differs in colour is in `alseg_streets.looks`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Domain = Literal["render", "camera"]
Range = tuple[float, float]
Weights = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Statistics:
    """Distributions from which a domain's scenes are drawn. Ranges are uniform; lengths are in metres.

    Attributes:
        focal: Focal length as a share of the image width.
        horizon: Row of the horizon as a share of the image height.
        center: Column of the vanishing point as a share of the image width.
        camera_height: Height of the camera.
        bend: Largest sideways shift of the road per squared metre.
        lane_width: Width of a lane.
        lanes: Weights of 1, 2 and 3 lanes in each direction.
        parking: Probability of a parking lane, per side.
        verge: Probability of a grass strip, per side.
        sidewalk: Width of the sidewalk.
        setts: Probability that the road is of setts instead of asphalt.
        yellow: Probability that the middle line is yellow.
        crossing: Probability of a crossing street.
        blocks: Weights of what lies along the road.
        styles: Weights of facade styles.
        storeys: Floors above the ground floor, lowest and highest.
        skyline: Share of buildings, instead of trees, at the far end of the view.
        tram: Probability of tram tracks; six in ten of those scenes have a tram.
        tree_gap: Distance between street trees.
        trees: Weights of the kinds of trees.
        street_trees: Probability that a side has street trees.
        lamp_gap: Distance between lamp posts.
        old_lamps: Probability that lamps are old ones.
        signs: Most signs per side.
        bollards: Probability of a row of bollards, per side.
        parked: Share of parking places taken.
        traffic_gap: Distance between vehicles of a lane.
        vehicles: Weights of vehicles in traffic.
        people: Most people per side.
        cyclists: Most cyclists.
        stands: Most groups of parked bicycles or motorcycles.
        motorcycle_share: Share of motorcycles among those parked.
        clutter: Most pieces of clutter per side.
        bonnet: Probability that the own car's bonnet is seen.
        border: Probability of blank strips at the image's sides.
        sun: Probability of sunshine with hard shadows.
    """

    focal: Range
    horizon: Range
    center: Range
    camera_height: Range
    bend: float
    lane_width: Range
    lanes: tuple[tuple[int, float], ...]
    parking: float
    verge: float
    sidewalk: Range
    setts: float
    yellow: float
    crossing: float
    blocks: Weights
    styles: Weights
    storeys: tuple[int, int]
    skyline: float
    tram: float
    tree_gap: Range
    trees: Weights
    street_trees: float
    lamp_gap: Range
    old_lamps: float
    signs: int
    bollards: float
    parked: float
    traffic_gap: Range
    vehicles: Weights
    people: int
    cyclists: int
    stands: int
    motorcycle_share: float
    clutter: int
    bonnet: float
    border: float
    sun: float


STATISTICS: dict[Domain, Statistics] = {
    # A wide, sunny game city.
    "render": Statistics(
        focal=(0.92, 1.12),
        horizon=(0.42, 0.5),
        center=(0.46, 0.54),
        camera_height=(1.25, 1.6),
        bend=0.0012,
        lane_width=(3.3, 3.8),
        lanes=((1, 0.35), (2, 0.5), (3, 0.15)),
        parking=0.35,
        verge=0.3,
        sidewalk=(2.4, 4.2),
        setts=0.0,
        yellow=0.75,
        crossing=0.5,
        blocks=(("shops", 0.42), ("houses", 0.16), ("park", 0.2), ("wall", 0.13), ("yard", 0.09)),
        styles=(("block", 0.35), ("tower", 0.3), ("balcony", 0.2), ("old", 0.05), ("house", 0.1)),
        storeys=(2, 9),
        skyline=0.65,
        tram=0.14,
        tree_gap=(9.0, 18.0),
        trees=(("palm", 0.35), ("leafy", 0.5), ("conifer", 0.15)),
        street_trees=0.5,
        lamp_gap=(22.0, 34.0),
        old_lamps=0.1,
        signs=3,
        bollards=0.15,
        parked=0.6,
        traffic_gap=(10.0, 45.0),
        vehicles=(("car", 0.74), ("truck", 0.11), ("bus", 0.06), ("motorcycle", 0.09)),
        people=5,
        cyclists=1,
        stands=1,
        motorcycle_share=0.6,
        clutter=3,
        bonnet=0.0,
        border=0.0,
        sun=0.8,
    ),
    # A dense, mostly overcast European town.
    "camera": Statistics(
        focal=(1.05, 1.25),
        horizon=(0.36, 0.45),
        center=(0.42, 0.56),
        camera_height=(1.15, 1.9),
        bend=0.0022,
        lane_width=(2.8, 3.4),
        lanes=((1, 0.75), (2, 0.25)),
        parking=0.55,
        verge=0.3,
        sidewalk=(2.2, 4.4),
        setts=0.14,
        yellow=0.0,
        crossing=0.45,
        blocks=(("shops", 0.5), ("houses", 0.16), ("park", 0.16), ("wall", 0.09), ("yard", 0.09)),
        styles=(("old", 0.45), ("balcony", 0.2), ("block", 0.12), ("house", 0.2), ("tower", 0.03)),
        storeys=(1, 4),
        skyline=0.5,
        tram=0.16,
        tree_gap=(6.0, 12.0),
        trees=(("leafy", 0.85), ("conifer", 0.15)),
        street_trees=0.5,
        lamp_gap=(18.0, 30.0),
        old_lamps=0.45,
        signs=4,
        bollards=0.35,
        parked=0.62,
        traffic_gap=(16.0, 60.0),
        vehicles=(("car", 0.86), ("truck", 0.05), ("bus", 0.05), ("motorcycle", 0.04)),
        people=9,
        cyclists=3,
        stands=3,
        motorcycle_share=0.25,
        clutter=2,
        bonnet=0.7,
        border=0.3,
        sun=0.25,
    ),
}
