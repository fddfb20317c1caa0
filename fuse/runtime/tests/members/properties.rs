//! What holds for all values.

use super::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn what_is_split_is_joined(parts in proptest::collection::vec("[a-cé]{0,4}", 1..5), separator in "[,;]{1,2}") {
        let whole = parts.join(&separator);
        let world = World::empty();
        let mut args = vec![text(&whole), text(&separator)];
        let split = world.member(M::StringSplit, &LIST_STRING, &mut args).unwrap();
        let joined = world.member(M::ListJoin, &STRING, &mut [split, text(&separator)]).unwrap();
        prop_assert_eq!(joined.as_text(), Some(whole.as_str()));
    }

    #[test]
    fn slices_are_those_of_characters(whole in ".{0,12}", start in 0..14_usize, end in 0..14_usize) {
        let world = World::empty();
        let letters: Vec<char> = whole.chars().collect();
        let mut args = vec![text(&whole), int(start as i64), int(end as i64)];
        let slice = world.member(M::StringSlice, &STRING, &mut args);
        if start <= end && end <= letters.len() {
            let expected: String = letters[start..end].iter().collect();
            let slice = slice.unwrap();
            prop_assert_eq!(slice.as_text(), Some(expected.as_str()));
        } else {
            prop_assert!(slice.is_err());
        }
        let at = world.member(M::StringCharAt, &OPTION_STRING, &mut [text(&whole), int(start as i64)]).unwrap();
        let expected = letters.get(start).map(char::to_string);
        prop_assert_eq!(at.as_text().map(str::to_owned), expected);
        for needle in ["é", "a", "😀"] {
            let found = world.member(M::StringIndexOf, &OPTION_INT, &mut [text(&whole), text(needle)]).unwrap();
            let expected = letters.iter().position(|letter| needle.starts_with(*letter));
            prop_assert_eq!(found.as_int(), expected.map(|at| at as i64));
        }
    }

    #[test]
    fn bytes_survive_hex_and_base64(value in proptest::collection::vec(any::<u8>(), 0..40)) {
        use fuse_builtins::BuiltinId as B;
        let world = World::empty();
        for (to, from) in [(M::BytesToHex, B::BytesFromHex), (M::BytesToBase64, B::BytesFromBase64)] {
            let text = world.member(to, &STRING, &mut [bytes(&value)]).unwrap();
            let back = world.call(from, &well_known::OPTION_BYTES, None, [text]).unwrap();
            prop_assert_eq!(back.as_bytes(), Some(value.as_slice()));
        }
    }

    #[test]
    fn floats_survive_their_text_form(bits in any::<u64>()) {
        let value = f64::from_bits(bits);
        prop_assume!(value.is_finite());
        let world = World::empty();
        let written = world.member(M::FloatToString, &STRING, &mut [float(value)]).unwrap();
        let back = world.member(M::StringToFloat, &OPTION_FLOAT, &mut [written.clone()]).unwrap();
        prop_assert_eq!(back.as_float(), Some(value), "{:?}", written);
    }

    #[test]
    fn sorting_is_stable_and_in_order(keys in proptest::collection::vec(0..5_i64, 0..40)) {
        // The key is the number in tens; the ones tell where an element was.
        let values: Vec<i64> = keys.iter().enumerate().map(|(at, key)| key * 1000 + at as i64).collect();
        let mut code = Scripted::new();
        let tens = code.add(|_, args| Ok(int(args[0].as_int().unwrap() / 1000)));
        let world = Setup { code, ..Setup::default() }.build();
        let sorted = world.member(M::ListSortBy, &LIST_INT, &mut [ints(&values), Scripted::value(tens)]).unwrap();
        let mut expected = values.clone();
        expected.sort_by_key(|value| value / 1000);
        prop_assert_eq!(sorted.as_obj().unwrap().list().ints().unwrap(), expected.as_slice());
    }
}
