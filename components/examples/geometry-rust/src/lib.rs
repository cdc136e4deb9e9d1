//! Shapes in the plane, as a component that knows nothing of wirken: plain wit-bindgen and plain types.

wit_bindgen::generate!({ path: "wit", world: "geometry" });

use exports::example::geometry::shapes::{Circle, Guest, Point, Relation, Shape, Unit};

struct Geometry;

export!(Geometry);

impl Guest for Geometry {
    fn area(shape: Shape) -> Result<f64, String> {
        match shape {
            Shape::Circle(Circle { radius, .. }) if radius < 0.0 => Err(format!("the radius {radius} is less than 0")),
            Shape::Circle(Circle { radius, .. }) => Ok(std::f64::consts::PI * radius * radius),
            Shape::Rectangle((a, b)) => Ok(((a.x - b.x) * (a.y - b.y)).abs()),
            Shape::Polygon(corners) if corners.len() < 3 => Err(format!("a polygon has three corners or more, and this has {}", corners.len())),
            Shape::Polygon(corners) => {
                let next = corners.iter().cycle().skip(1);
                Ok(corners.iter().zip(next).map(|(a, b)| a.x * b.y - b.x * a.y).sum::<f64>().abs() / 2.0)
            }
            Shape::Nothing => Ok(0.0),
        }
    }

    fn centroid(points: Vec<Point>) -> Option<Point> {
        let count = points.len() as f64;
        let sum = |of: fn(&Point) -> f64| points.iter().map(of).sum::<f64>();
        (!points.is_empty()).then(|| Point { x: sum(|point| point.x) / count, y: sum(|point| point.y) / count })
    }

    fn rotate(point: Point, angle: f64, unit: Unit, around: Option<Point>) -> Point {
        let angle = if unit == Unit::Degrees { angle.to_radians() } else { angle };
        let center = around.unwrap_or(Point { x: 0.0, y: 0.0 });
        let (x, y, sin, cos) = (point.x - center.x, point.y - center.y, angle.sin(), angle.cos());
        Point { x: center.x + x * cos - y * sin, y: center.y + x * sin + y * cos }
    }

    fn relate(first: Shape, second: Shape) -> Relation {
        let (Some(a), Some(b)) = (Bounds::of(&first), Bounds::of(&second)) else { return Relation::empty() };
        let mut relation = Relation::empty();
        relation.set(Relation::TOUCHING, a.left <= b.right && b.left <= a.right && a.bottom <= b.top && b.bottom <= a.top);
        relation.set(Relation::CONTAINING, a.left <= b.left && b.right <= a.right && a.bottom <= b.bottom && b.top <= a.top);
        relation.set(Relation::EQUAL, a == b);
        relation
    }
}

/// The least upright rectangle that holds a shape.
#[derive(PartialEq)]
struct Bounds {
    left: f64,
    right: f64,
    bottom: f64,
    top: f64,
}

impl Bounds {
    fn of(shape: &Shape) -> Option<Self> {
        match shape {
            Shape::Circle(Circle { center, radius }) => Self::around(&[
                Point { x: center.x - radius, y: center.y - radius },
                Point { x: center.x + radius, y: center.y + radius },
            ]),
            Shape::Rectangle((a, b)) => Self::around(&[*a, *b]),
            Shape::Polygon(corners) => Self::around(corners),
            Shape::Nothing => None,
        }
    }

    fn around(points: &[Point]) -> Option<Self> {
        let first = points.first()?;
        let start = Self { left: first.x, right: first.x, bottom: first.y, top: first.y };
        Some(points.iter().fold(start, |bounds, point| Self {
            left: bounds.left.min(point.x),
            right: bounds.right.max(point.x),
            bottom: bounds.bottom.min(point.y),
            top: bounds.top.max(point.y),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(x: f64, y: f64) -> Point {
        Point { x, y }
    }

    fn square(left: f64, side: f64) -> Shape {
        Shape::Rectangle((at(left, 0.0), at(left + side, side)))
    }

    #[test]
    fn measures_each_shape() {
        assert_eq!(Geometry::area(square(1.0, 3.0)), Ok(9.0));
        assert_eq!(Geometry::area(Shape::Polygon(vec![at(0.0, 0.0), at(4.0, 0.0), at(0.0, 3.0)])), Ok(6.0));
        assert_eq!(Geometry::area(Shape::Nothing), Ok(0.0));
        assert_eq!(Geometry::area(Shape::Circle(Circle { center: at(0.0, 0.0), radius: 1.0 })), Ok(std::f64::consts::PI));
        assert!(Geometry::area(Shape::Circle(Circle { center: at(0.0, 0.0), radius: -1.0 })).is_err());
        assert!(Geometry::area(Shape::Polygon(vec![at(0.0, 0.0)])).is_err());
    }

    #[test]
    fn finds_the_middle_where_there_is_one() {
        assert!(Geometry::centroid(Vec::new()).is_none());
        let middle = Geometry::centroid(vec![at(0.0, 0.0), at(2.0, 4.0)]).unwrap();
        assert_eq!((middle.x, middle.y), (1.0, 2.0));
    }

    #[test]
    fn turns_around_a_point_or_the_origin() {
        let turned = Geometry::rotate(at(1.0, 0.0), 90.0, Unit::Degrees, None);
        assert!(turned.x.abs() < 1e-12 && (turned.y - 1.0).abs() < 1e-12);
        let turned = Geometry::rotate(at(1.0, 0.0), std::f64::consts::PI, Unit::Radians, Some(at(2.0, 0.0)));
        assert!((turned.x - 3.0).abs() < 1e-12 && turned.y.abs() < 1e-12);
    }

    #[test]
    fn relates_bounds() {
        assert_eq!(Geometry::relate(square(0.0, 4.0), square(1.0, 2.0)), Relation::TOUCHING | Relation::CONTAINING);
        assert_eq!(Geometry::relate(square(0.0, 1.0), square(5.0, 1.0)), Relation::empty());
        assert_eq!(Geometry::relate(square(0.0, 1.0), square(0.0, 1.0)), Relation::all());
        assert_eq!(Geometry::relate(square(0.0, 1.0), Shape::Nothing), Relation::empty());
    }
}
