package dev.strata.udfs.sql;

import dev.strata.udfs.api.StrataException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.plans.InnerLike;
import org.apache.spark.sql.catalyst.plans.logical.Filter;
import org.apache.spark.sql.catalyst.plans.logical.Join;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import scala.Option;

/** Calls in the condition of a join. */
final class JoinCalls {

  private JoinCalls() {}

  /** Whether a call is about columns of both sides, and so about pairs of rows. */
  static boolean isOverBoth(Join join) {
    if (join.condition().isEmpty()) {
      return false;
    }
    Map<Expression, AiCall> calls = new LinkedHashMap<>();
    Calls.collectInnermost(join.condition().get(), calls);
    return calls.values().stream()
        .anyMatch(call -> !isOf(join.left(), call) && !isOf(join.right(), call));
  }

  private static boolean isOf(LogicalPlan side, AiCall call) {
    return call.references().subsetOf(side.outputSet());
  }

  /**
   * A filter with the calls above the join of the other conditions.
   *
   * @throws StrataException if that means another thing, as for an outer join
   */
  static Filter aboveJoin(Join join) {
    if (!(join.joinType() instanceof InnerLike)) {
      throw StrataException.usage(
          "the condition of a %s join has a call about columns of both sides, %s; compute it after"
              + " an inner join, or for one side in a subquery first",
          join.joinType().sql(), join.condition().get());
    }
    List<Expression> kept = new ArrayList<>();
    List<Expression> moved = new ArrayList<>();
    for (Expression condition : Plans.conjuncts(join.condition().get())) {
      (Calls.in(condition) ? moved : kept).add(condition);
    }
    Option<Expression> condition = kept.isEmpty() ? Option.empty() : Option.apply(Plans.and(kept));
    return new Filter(
        Plans.and(moved),
        new Join(join.left(), join.right(), join.joinType(), condition, join.hint()));
  }
}
