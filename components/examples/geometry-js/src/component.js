// Shapes in the plane, as a component that knows nothing of wirken: the same interface as ../geometry-rust.

function area({ tag, val }) {
  switch (tag) {
    case 'circle':
      if (val.radius < 0) throw `the radius ${val.radius} is less than 0`;
      return Math.PI * val.radius * val.radius;
    case 'rectangle':
      return Math.abs((val[0].x - val[1].x) * (val[0].y - val[1].y));
    case 'polygon': {
      if (val.length < 3) throw `a polygon has three corners or more, and this has ${val.length}`;
      const twice = val.reduce((sum, a, at) => {
        const b = val[(at + 1) % val.length];
        return sum + a.x * b.y - b.x * a.y;
      }, 0);
      return Math.abs(twice) / 2;
    }
    default:
      return 0;
  }
}

function centroid(points) {
  if (points.length === 0) return null;
  const mean = (axis) => points.reduce((sum, point) => sum + point[axis], 0) / points.length;
  return { x: mean('x'), y: mean('y') };
}

function rotate(point, angle, unit, around) {
  const turn = unit === 'degrees' ? (angle * Math.PI) / 180 : angle;
  const center = around ?? { x: 0, y: 0 };
  const [x, y, sin, cos] = [point.x - center.x, point.y - center.y, Math.sin(turn), Math.cos(turn)];
  return { x: center.x + x * cos - y * sin, y: center.y + x * sin + y * cos };
}

// The least upright rectangle that holds a shape; null for none.
function bounds({ tag, val }) {
  let points = [];
  if (tag === 'circle') {
    const { center, radius } = val;
    points = [{ x: center.x - radius, y: center.y - radius }, { x: center.x + radius, y: center.y + radius }];
  } else if (tag !== 'nothing') {
    points = val;
  }
  if (points.length === 0) return null;
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)];
  return { left: Math.min(...xs), right: Math.max(...xs), bottom: Math.min(...ys), top: Math.max(...ys) };
}

function relate(first, second) {
  const [a, b] = [bounds(first), bounds(second)];
  if (a === null || b === null) return { touching: false, containing: false, equal: false };
  return {
    touching: a.left <= b.right && b.left <= a.right && a.bottom <= b.top && b.bottom <= a.top,
    containing: a.left <= b.left && b.right <= a.right && a.bottom <= b.bottom && b.top <= a.top,
    equal: a.left === b.left && a.right === b.right && a.bottom === b.bottom && a.top === b.top,
  };
}

export const shapes = { area, centroid, rotate, relate };
