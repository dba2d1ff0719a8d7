/// The candidate most like `word`, if one is like enough to have been meant.
pub(super) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let limit = word.chars().count() / 3 + 1;
    candidates
        .into_iter()
        .map(|candidate| (edits(word, candidate), candidate))
        .filter(|(edits, _)| *edits <= limit)
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

/// How many letters must be added, dropped, replaced or swapped with their neighbour.
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.to_lowercase().chars().collect();
    let mut two_back: Vec<usize> = Vec::new();
    let mut back: Vec<usize> = (0..=to.len()).collect();
    let mut previous = None;
    for (i, letter) in from.to_lowercase().chars().enumerate() {
        let mut row = vec![i + 1];
        for (j, other) in to.iter().enumerate() {
            let mut best = (back[j] + usize::from(letter != *other)).min(back[j + 1] + 1);
            best = best.min(row[j] + 1);
            if j > 0 && previous == Some(*other) && to[j - 1] == letter {
                best = best.min(two_back[j - 1] + 1);
            }
            row.push(best);
        }
        previous = Some(letter);
        two_back = std::mem::replace(&mut back, row);
    }
    back[to.len()]
}
