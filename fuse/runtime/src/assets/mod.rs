//! Files beside a program: the map of assets, and SVG images.

mod map;
mod svg;

pub(crate) use map::Assets;
pub(crate) use svg::Svg;
