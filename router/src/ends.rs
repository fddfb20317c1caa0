//! Where the values of a match end.

use plumego_contract::PARAMS_MAX;

/// The ends of up to sixteen captured values, as offsets into the path. Where
/// one begins follows from the end of the one before and the text between.
///
/// Four words rather than an array: a lookup keeps them in registers, and they
/// reach memory whole. Copying sixteen numbers that were just written one by
/// one takes as long as half a lookup.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ends {
    a: u64,
    b: u64,
    c: u64,
    d: u64,
}

impl Ends {
    #[inline(always)]
    pub(crate) fn set(&mut self, index: usize, end: usize) {
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

    #[inline(always)]
    pub(crate) fn get(&self, index: usize) -> usize {
        let word = match index / 4 {
            0 => self.a,
            1 => self.b,
            2 => self.c,
            _ => self.d,
        };
        (word >> (16 * (index % 4)) & 0xFFFF) as usize
    }

    #[inline(always)]
    pub(crate) fn to_array(self) -> [u16; PARAMS_MAX] {
        let mut ends = [0; PARAMS_MAX];
        for (word, four) in [self.a, self.b, self.c, self.d]
            .into_iter()
            .zip(ends.chunks_exact_mut(4))
        {
            for (index, end) in four.iter_mut().enumerate() {
                *end = (word >> (16 * index)) as u16;
            }
        }
        ends
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_has_a_place_of_its_own() {
        let mut ends = Ends::default();
        for index in 0..PARAMS_MAX {
            ends.set(index, 60_000 + index);
        }
        ends.set(5, 7);
        for index in 0..PARAMS_MAX {
            let expected = if index == 5 { 7 } else { 60_000 + index };
            assert_eq!(ends.get(index), expected);
            assert_eq!(usize::from(ends.to_array()[index]), expected);
        }
    }
}
