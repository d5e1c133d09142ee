package dev.strata.udfs.sql;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.catalyst.expressions.And;
import org.apache.spark.sql.catalyst.expressions.CaseWhen;
import org.apache.spark.sql.catalyst.expressions.Coalesce;
import org.apache.spark.sql.catalyst.expressions.EqualNullSafe;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.If;
import org.apache.spark.sql.catalyst.expressions.IsNull;
import org.apache.spark.sql.catalyst.expressions.Literal$;
import org.apache.spark.sql.catalyst.expressions.Not;
import org.apache.spark.sql.catalyst.expressions.Or;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import scala.Tuple2;

/**
 * Calls of a branch that is not taken ask nothing: their first argument becomes NULL where none of
 * their branches is. A call that stands outside of branches as well is left alone, since equal
 * calls are asked once.
 */
final class BranchGuards {

  /** The conditions under which a call is needed; empty if it always is. */
  private final Map<Expression, Optional<Expression>> needed = new HashMap<>();

  private BranchGuards() {}

  static LogicalPlan guard(LogicalPlan operator) {
    BranchGuards guards = new BranchGuards();
    Scalas.<Expression>list(operator.expressions()).forEach(e -> guards.look(e, Optional.empty()));
    boolean isGuarded = guards.needed.values().stream().anyMatch(Optional::isPresent);
    return isGuarded ? operator.mapExpressions(guards::guarded) : operator;
  }

  private void look(Expression expression, Optional<Expression> when) {
    if (!Calls.in(expression)) {
      return;
    }
    if (expression instanceof AiCall call) {
      needed.merge(call.canonicalized(), when, BranchGuards::either);
    }
    if (expression instanceof If branch) {
      look(branch.predicate(), when);
      look(branch.trueValue(), both(when, holds(branch.predicate())));
      look(branch.falseValue(), both(when, holdsNot(branch.predicate())));
    } else if (expression instanceof CaseWhen branches) {
      lookAtBranches(branches, when);
    } else if (expression instanceof Coalesce values) {
      Optional<Expression> open = when;
      for (Expression value : Scalas.<Expression>list(values.children())) {
        look(value, open);
        open = both(open, new IsNull(value));
      }
    } else {
      Scalas.<Expression>list(expression.children()).forEach(child -> look(child, when));
    }
  }

  private void lookAtBranches(CaseWhen branches, Optional<Expression> when) {
    Optional<Expression> open = when;
    for (Tuple2<Expression, Expression> branch :
        Scalas.<Tuple2<Expression, Expression>>list(branches.branches())) {
      look(branch._1(), open);
      look(branch._2(), both(open, holds(branch._1())));
      open = both(open, holdsNot(branch._1()));
    }
    if (branches.elseValue().isDefined()) {
      look(branches.elseValue().get(), open);
    }
  }

  private static Expression holds(Expression condition) {
    return new EqualNullSafe(condition, Literal$.MODULE$.TrueLiteral());
  }

  private static Expression holdsNot(Expression condition) {
    return new Not(holds(condition));
  }

  /** A condition that would not come out the same again is none to go by. */
  private static Optional<Expression> both(Optional<Expression> when, Expression condition) {
    if (!condition.deterministic()) {
      return when;
    }
    return Optional.of(when.<Expression>map(e -> new And(e, condition)).orElse(condition));
  }

  private static Optional<Expression> either(Optional<Expression> a, Optional<Expression> b) {
    return a.isPresent() && b.isPresent() && !a.equals(b)
        ? Optional.of(new Or(a.get(), b.get()))
        : a.isPresent() && b.isPresent() ? a : Optional.empty();
  }

  private Expression guarded(Expression expression) {
    if (!Calls.in(expression)) {
      return expression;
    }
    Optional<Expression> when =
        expression instanceof AiCall
            ? needed.getOrDefault(expression.canonicalized(), Optional.empty())
            : Optional.empty();
    List<Expression> children = new ArrayList<>();
    Scalas.<Expression>list(expression.children()).forEach(child -> children.add(guarded(child)));
    Expression rebuilt = expression.withNewChildren(Scalas.seq(children));
    return when.isPresent() ? ((AiCall) rebuilt).where(guarded(when.get())) : rebuilt;
  }
}
