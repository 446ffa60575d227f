//! The algebra of explorations holds for any axes.

use proptest::prelude::*;
use pypet::explore::ExploreError;
use pypet::prelude::*;

/// Three parameters to explore and one that is left alone.
#[parameters]
struct Space {
    #[param(default = 0)]
    a: i64,
    #[param(default = 0)]
    b: i64,
    #[param(default = 0)]
    c: i64,
    #[param(default = 7)]
    fixed: i64,
    #[param(derived = self.a + self.b)]
    sum: i64,
}

type Axis = Vec<i64>;

fn axis() -> impl Strategy<Value = Axis> {
    prop::collection::vec(-100..100_i64, 1..8)
}

fn a(values: &Axis) -> Exploration<Space> {
    Space::names().a.over(values.clone())
}

fn b(values: &Axis) -> Exploration<Space> {
    Space::names().b.over(values.clone())
}

fn c(values: &Axis) -> Exploration<Space> {
    Space::names().c.over(values.clone())
}

fn points(exploration: &Exploration<Space>) -> Vec<Space> {
    (0..exploration.len()).map(|i| exploration.point(i).expect("the index is below the length")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn product_has_one_point_for_each_combination(x in axis(), y in axis()) {
        let product = a(&x) * b(&y);
        prop_assert_eq!(product.len(), x.len() * y.len());
        for (i, point) in points(&product).into_iter().enumerate() {
            prop_assert_eq!((point.a, point.b), (x[i / y.len()], y[i % y.len()]));
            prop_assert_eq!(point.sum, point.a + point.b);
            prop_assert_eq!((point.c, point.fixed), (0, 7));
        }
    }

    #[test]
    fn product_is_associative(x in axis(), y in axis(), z in axis()) {
        let left = (a(&x) * b(&y)) * c(&z);
        let right = a(&x) * (b(&y) * c(&z));
        prop_assert_eq!(points(&left), points(&right));
    }

    #[test]
    fn sum_is_associative_and_resets_what_it_does_not_explore(x in axis(), y in axis(), z in axis()) {
        let left = (a(&x) + b(&y)) + c(&z);
        let right = a(&x) + (b(&y) + c(&z));
        prop_assert_eq!(points(&left), points(&right));
        prop_assert_eq!(left.len(), x.len() + y.len() + z.len());
        let last = left.point(left.len() - 1).expect("there is a last point");
        prop_assert_eq!((last.a, last.b), (0, 0));
    }

    #[test]
    fn product_distributes_over_sum(x in axis(), y in axis(), z in axis()) {
        let left = (a(&x) + a(&y)) * b(&z);
        let right = a(&x) * b(&z) + a(&y) * b(&z);
        prop_assert_eq!(points(&left), points(&right));
    }

    #[test]
    fn zip_goes_in_lock_step(x in axis()) {
        let doubled: Axis = x.iter().map(|value| 2 * value).collect();
        let zipped = a(&x).zip(b(&doubled)).expect("the lengths agree");
        prop_assert_eq!(zipped.len(), x.len());
        prop_assert!(points(&zipped).iter().all(|point| point.b == 2 * point.a));
    }

    #[test]
    fn filter_keeps_what_satisfies_in_order(x in axis(), y in axis()) {
        let product = a(&x) * b(&y);
        let kept: Vec<Space> = points(&product).into_iter().filter(|point| point.a < point.b).collect();
        let filtered = product.filter(|point| point.a < point.b);
        prop_assert_eq!(filtered.len(), kept.len());
        prop_assert_eq!(points(&filtered), kept);
    }

    #[test]
    fn repeat_visits_each_point_in_a_row(x in axis(), count in 1..5_usize) {
        let repeated = a(&x).repeat("trial", count);
        let expected: Vec<i64> = x.iter().flat_map(|&value| vec![value; count]).collect();
        prop_assert_eq!(points(&repeated).iter().map(|point| point.a).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn a_trillion_points_take_no_memory_and_any_is_at_hand() {
    let thousand = || (0..10_000).collect::<Axis>();
    let huge = a(&thousand()) * b(&thousand()) * c(&thousand());
    assert_eq!(huge.len(), 1_000_000_000_000);
    let point = huge.point(123_456_789_012).expect("the index is below the length");
    assert_eq!((point.a, point.b, point.c), (1234, 5678, 9012));
    assert!(huge.point(huge.len()).is_none());
}

#[test]
fn zip_names_both_parameters() {
    let error = a(&vec![1, 2, 3]).zip(b(&vec![1, 2])).expect_err("the lengths differ");
    assert_eq!(
        error.to_string(),
        "`a` has 3 points but `b` has 2; give both the same length, or combine them with `*`"
    );
}

fn refused(exploration: &Exploration<Space>) -> ExploreError {
    exploration.bind(Space::default()).err().expect("the exploration is refused")
}

#[test]
fn what_contradicts_itself_is_refused_before_the_first_run() {
    let x = vec![1, 2];
    let message = |exploration: &Exploration<Space>| refused(exploration).to_string();
    assert!(message(&a(&vec![])).starts_with("`a` is explored over no values"));
    assert!(message(&(a(&x) * a(&x))).starts_with("`a` is explored twice"));
    assert!(message(&Space::names().sum.over([1])).starts_with("`sum` is derived"));
    assert!(message(&a(&x).filter(|_| false)).starts_with("the filter rejects all 2 points"));
    assert!(message(&a(&x).repeat("trial", 0)).contains("`trial`"));
    assert!(message(&a(&x).repeat("b", 2)).contains("`b` is explored twice"));
    assert!(matches!(refused(&a(&x).repeat("t", usize::MAX)), ExploreError::TooMany));
}

#[test]
fn filters_see_the_presets_of_the_study() {
    let exploration = a(&vec![1, 2, 3]).filter(|point| point.a < point.fixed);
    assert_eq!(exploration.len(), 3);
    let points = exploration.bind(Space { fixed: 2, ..default() }).expect("one point is left");
    assert_eq!(points.len(), 1);
}
