//! "Did you mean": the nearest known name.

/// The candidate nearest to `name`, if it is near enough to be meant: at most
/// two edits away, one for names of up to three characters, whatever the case.
/// Of candidates equally near the one whose case fits better is taken, then the
/// first in order.
#[must_use]
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    let limit = if name.chars().count() <= 3 { 1 } else { 2 };
    let distance = |candidate: &str| strsim::osa_distance(&lower, &candidate.to_lowercase());
    let (_, _, nearest) = candidates
        .into_iter()
        .map(|candidate| (distance(candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .map(|(distance, candidate)| (distance, strsim::osa_distance(name, candidate), candidate))
        .min()?;
    Some(nearest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_name_is_suggested_and_a_far_one_is_not() {
        let keys = ["entry", "name", "version", "app"];
        assert_eq!(nearest("entyr", keys), Some("entry"));
        assert_eq!(nearest("Version", keys), Some("version"));
        assert_eq!(nearest("ap", keys), Some("app"));
        assert_eq!(nearest("license", keys), None);
        assert_eq!(nearest("x", []), None);
        assert_eq!(
            nearest("greting", ["Greeting", "greeting"]),
            Some("greeting")
        );
    }

    #[test]
    fn ties_go_to_the_first_in_order() {
        assert_eq!(nearest("abcd", ["abce", "abca"]), Some("abca"));
    }
}
