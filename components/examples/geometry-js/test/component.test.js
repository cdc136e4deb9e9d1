import assert from 'node:assert/strict';
import test from 'node:test';
import { shapes } from '../src/component.js';

const at = (x, y) => ({ x, y });
const square = (left, side) => ({ tag: 'rectangle', val: [at(left, 0), at(left + side, side)] });

test('measures each shape', () => {
  assert.equal(shapes.area(square(1, 3)), 9);
  assert.equal(shapes.area({ tag: 'polygon', val: [at(0, 0), at(4, 0), at(0, 3)] }), 6);
  assert.equal(shapes.area({ tag: 'nothing' }), 0);
  assert.throws(() => shapes.area({ tag: 'polygon', val: [at(0, 0)] }));
  assert.throws(() => shapes.area({ tag: 'circle', val: { center: at(0, 0), radius: -1 } }));
});

test('finds the middle, turns and relates', () => {
  assert.equal(shapes.centroid([]), null);
  assert.deepEqual(shapes.centroid([at(0, 0), at(2, 4)]), at(1, 2));
  assert.ok(Math.abs(shapes.rotate(at(1, 0), 90, 'degrees', null).y - 1) < 1e-12);
  assert.ok(Math.abs(shapes.rotate(at(1, 0), Math.PI, 'radians', at(2, 0)).x - 3) < 1e-12);
  assert.deepEqual(shapes.relate(square(0, 4), square(1, 2)), { touching: true, containing: true, equal: false });
  assert.deepEqual(shapes.relate(square(0, 1), { tag: 'nothing' }), { touching: false, containing: false, equal: false });
});
