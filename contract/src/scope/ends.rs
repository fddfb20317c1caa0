/// The ends of up to sixteen captured values, as offsets into the path; for
/// routers. Where one begins follows from the end of the one before and the
/// text between.
///
/// ```
/// use plumego_contract::ParamEnds;
///
/// let mut ends = ParamEnds::default();
/// ends.set(0, "/users/17".len());
/// assert_eq!(ends.get(0), 9);
/// ```
// Four words rather than an array: a lookup keeps them in registers, and they
// reach memory whole. Copying sixteen numbers that were just written one by one
// takes as long as half a lookup.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ParamEnds {
    a: u64,
    b: u64,
    c: u64,
    d: u64,
}

impl ParamEnds {
    /// The value at `index`, below [`PARAMS_MAX`](super::PARAMS_MAX), ends
    /// before the byte at `end`, which is below 65 536.
    #[inline(always)]
    pub fn set(&mut self, index: usize, end: usize) {
        let shift = 16 * (index % 4);
        let others = !(0xFFFF << shift);
        // Paths are shorter than 2^16 bytes.
        let end = (end as u64 & 0xFFFF) << shift;
        match index / 4 {
            0 => self.a = self.a & others | end,
            1 => self.b = self.b & others | end,
            2 => self.c = self.c & others | end,
            _ => self.d = self.d & others | end,
        }
    }

    /// Where the value at `index` ends; 0 when it was not set.
    #[inline(always)]
    #[must_use]
    pub fn get(&self, index: usize) -> usize {
        let word = match index / 4 {
            0 => self.a,
            1 => self.b,
            2 => self.c,
            _ => self.d,
        };
        (word >> (16 * (index % 4)) & 0xFFFF) as usize
    }

    #[inline(always)]
    pub(super) fn words(self) -> [u64; 4] {
        [self.a, self.b, self.c, self.d]
    }

    #[inline(always)]
    pub(super) fn from_words([a, b, c, d]: [u64; 4]) -> Self {
        Self { a, b, c, d }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scope::PARAMS_MAX;

    #[test]
    fn every_end_has_a_place_of_its_own() {
        let mut ends = ParamEnds::default();
        for index in 0..PARAMS_MAX {
            ends.set(index, 60_000 + index);
        }
        ends.set(5, 7);
        for index in 0..PARAMS_MAX {
            let expected = if index == 5 { 7 } else { 60_000 + index };
            assert_eq!(ends.get(index), expected);
            assert_eq!(ParamEnds::from_words(ends.words()).get(index), expected);
        }
    }
}
