package dev.strata.udfs.sql;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.And;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeSet;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import scala.Function1;
import scala.Option;
import scala.PartialFunction$;

/** Rewrites plans and expressions. */
final class Plans {

  private Plans() {}

  /** The plan with each operator replaced, children first. */
  static LogicalPlan up(LogicalPlan plan, Function1<LogicalPlan, LogicalPlan> change) {
    return plan.transformUp(PartialFunction$.MODULE$.fromFunction(change));
  }

  /** The operator with each expression replaced, outermost first. */
  static LogicalPlan expressionsDown(LogicalPlan operator, UnaryOperator<Expression> change) {
    Function1<Expression, Expression> function = change::apply;
    return operator.transformExpressionsDown(PartialFunction$.MODULE$.fromFunction(function));
  }

  /** An expression with each of its parts replaced, outermost first. */
  static Expression down(Expression expression, UnaryOperator<Expression> change) {
    Function1<Expression, Expression> function = change::apply;
    return expression.transformDown(PartialFunction$.MODULE$.fromFunction(function));
  }

  static LogicalPlan withChild(LogicalPlan operator, LogicalPlan child) {
    return operator.withNewChildren(Scalas.seqOf(child));
  }

  /** The plan with the columns alone that are needed. */
  static LogicalPlan pruned(LogicalPlan plan, AttributeSet needed) {
    List<NamedExpression> kept = new ArrayList<>();
    for (Attribute column : Scalas.<Attribute>list(plan.output())) {
      if (needed.contains(column)) {
        kept.add(column);
      }
    }
    return kept.size() == plan.output().size() ? plan : new Project(Scalas.seq(kept), plan);
  }

  static Alias alias(Expression expression, String name) {
    return new Alias(
        expression,
        name,
        NamedExpression.newExprId(),
        Scalas.seqOf(),
        Option.empty(),
        Scalas.seqOf());
  }

  static List<Expression> conjuncts(Expression condition) {
    List<Expression> conjuncts = new ArrayList<>();
    if (condition instanceof And and) {
      conjuncts.addAll(conjuncts(and.left()));
      conjuncts.addAll(conjuncts(and.right()));
    } else {
      conjuncts.add(condition);
    }
    return conjuncts;
  }

  /** All of at least one. */
  static Expression and(List<Expression> conjuncts) {
    return conjuncts.stream().reduce(And::new).orElseThrow();
  }
}
