package dev.strata.udfs.sql;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeSet;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.expressions.aggregate.AggregateExpression;
import org.apache.spark.sql.catalyst.plans.logical.Aggregate;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;

/** Calls of an aggregate: those about its results go above it, the others below. */
final class AggregateCalls {

  private final Aggregate aggregate;
  private final Set<Expression> groups = new HashSet<>();

  private AggregateCalls(Aggregate aggregate) {
    this.aggregate = aggregate;
    Scalas.<Expression>list(aggregate.groupingExpressions())
        .forEach(group -> groups.add(group.canonicalized()));
  }

  static LogicalPlan extract(Aggregate aggregate) {
    AggregateCalls calls = new AggregateCalls(aggregate);
    boolean isOverResults =
        Scalas.<NamedExpression>list(aggregate.aggregateExpressions()).stream()
            .anyMatch(calls::isOverResults);
    return isOverResults ? calls.above() : calls.below();
  }

  /** Whether a column has a call that is neither grouped by nor aggregated. */
  private boolean isOverResults(NamedExpression column) {
    return isOverResults((Expression) column);
  }

  private boolean isOverResults(Expression expression) {
    if (isResult(expression)) {
      return false;
    }
    return expression instanceof AiCall
        || Scalas.<Expression>list(expression.children()).stream().anyMatch(this::isOverResults);
  }

  private boolean isResult(Expression expression) {
    return expression instanceof AggregateExpression || groups.contains(expression.canonicalized());
  }

  private LogicalPlan above() {
    List<NamedExpression> results = new ArrayList<>();
    List<NamedExpression> columns = new ArrayList<>();
    for (NamedExpression column : Scalas.<NamedExpression>list(aggregate.aggregateExpressions())) {
      if (isOverResults(column)) {
        columns.add((NamedExpression) Plans.down((Expression) column, e -> asColumn(e, results)));
      } else {
        results.add(column);
        columns.add(column.toAttribute());
      }
    }
    LogicalPlan grouped =
        new Aggregate(
            aggregate.groupingExpressions(),
            Scalas.seq(results),
            aggregate.child(),
            aggregate.hint());
    LogicalPlan asked = Calls.in(grouped) ? OperatorCalls.extract(grouped) : grouped;
    return OperatorCalls.extract(new Project(Scalas.seq(columns), asked));
  }

  private Expression asColumn(Expression expression, List<NamedExpression> results) {
    if (!isResult(expression)) {
      return expression;
    }
    NamedExpression result =
        expression instanceof NamedExpression named ? named : Plans.alias(expression, "aggregate");
    results.add(result);
    return result.toAttribute();
  }

  private LogicalPlan below() {
    Map<Expression, NamedExpression> pulled = new LinkedHashMap<>();
    LogicalPlan replaced =
        Plans.expressionsDown(
            aggregate,
            e ->
                e instanceof AiCall call
                    ? pulled
                        .computeIfAbsent(
                            call.canonicalized(), key -> Plans.alias(call, call.function().name()))
                        .toAttribute()
                    : e);
    AttributeSet needed = replaced.references();
    List<NamedExpression> columns = new ArrayList<>();
    for (Attribute column : Scalas.<Attribute>list(aggregate.child().output())) {
      if (needed.contains(column)) {
        columns.add(column);
      }
    }
    columns.addAll(pulled.values());
    Project input = new Project(Scalas.seq(columns), aggregate.child());
    return Plans.withChild(replaced, OperatorCalls.extract(input));
  }
}
