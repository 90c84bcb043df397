import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { isClose, vectors } from './reference/vectors.ts';
import { groupOf, pooledTTest, studentTwoSided } from './student.ts';

describe("Student's t-test", () => {
  it("has SciPy's p-values to 1e-9", () => {
    for (const [t, freedom, pValue] of vectors.studentTwoSided) {
      const ours = studentTwoSided(t, freedom);
      assert.ok(isClose(ours, pValue, 1e-9), `t ${t}, ${freedom}: ${ours}, not ${pValue}`);
    }
  });

  it("compares groups as SciPy's ttest_ind does, to 1e-9", () => {
    for (const { one, other, pValue } of vectors.tTest) {
      const ours = pooledTTest(groupOf(one), groupOf(other));
      assert.ok(isClose(ours, pValue, 1e-9), `${ours}, not ${pValue}`);
    }
  });

  it('proves nothing with too few values, and everything when nothing varies', () => {
    assert.equal(pooledTTest(groupOf([1]), groupOf([2])), 1);
    assert.equal(pooledTTest(groupOf([]), groupOf([1, 2, 3])), 1);
    assert.equal(pooledTTest(groupOf([1, 1]), groupOf([1, 1])), 1);
    assert.equal(pooledTTest(groupOf([1, 1]), groupOf([2, 2])), 0);
  });
});
