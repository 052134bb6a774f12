//! Bar charts as SVG, drawn here: no script, and the same figures stand in a
//! table beside them.

/// A bar: its label, its figure in words, and its share of the highest, 0–1000.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bar {
    /// Below it.
    pub label: String,
    /// Above it, and read out.
    pub value: String,
    /// Left edge, in the drawing's units.
    pub x: i64,
    /// Upper edge.
    pub y: i64,
    /// Height.
    pub height: i64,
    /// The middle, for the label.
    pub middle: i64,
}

/// Width of a bar with the gap after it, and without.
const STEP: i64 = 60;
const BAR: i64 = 40;
/// Height of the highest bar.
const HEIGHT: i64 = 180;

/// A chart of some height, and how wide it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chart {
    /// From left to right.
    pub bars: Vec<Bar>,
    /// Of the drawing.
    pub width: i64,
}

/// Draws figures from left to right; the highest reaches the top. With `most`
/// that is the top instead.
pub(super) fn chart(figures: Vec<(String, String, i64)>, most: Option<i64>) -> Chart {
    let top = most.unwrap_or_else(|| figures.iter().map(|(_, _, figure)| *figure).max().unwrap_or(0)).max(1);
    let width = STEP * i64::try_from(figures.len()).unwrap_or(0) + 20;
    let bars = figures.into_iter().zip(0_i64..).map(|((label, value, figure), n)| {
        // In 128 bits: amounts of many millions in minor units.
        let height = i64::try_from(i128::from(figure.clamp(0, top)) * i128::from(HEIGHT) / i128::from(top)).unwrap_or(0);
        let height = if figure > 0 { height.max(2) } else { 0 };
        let x = 20 + n * STEP;
        Bar { label, value, x, y: 24 + HEIGHT - height, height, middle: x + BAR / 2 }
    });
    Chart { bars: bars.collect(), width }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_high_as_their_figures() {
        let figures = [0, 50, 100, i64::MAX].map(|n| (n.to_string(), n.to_string(), n)).to_vec();
        let tall = chart(figures.clone(), None);
        assert_eq!(tall.bars.iter().map(|bar| bar.height).collect::<Vec<_>>(), [0, 2, 2, 180]);
        let share = chart(figures[..3].to_vec(), Some(100));
        assert_eq!(share.bars.iter().map(|bar| (bar.height, bar.y)).collect::<Vec<_>>(), [(0, 204), (90, 114), (180, 24)]);
        assert_eq!(chart(Vec::new(), None).bars, []);
    }
}
