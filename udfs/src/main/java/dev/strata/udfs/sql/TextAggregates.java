package dev.strata.udfs.sql;

import dev.strata.udfs.api.StrataException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeReference;
import org.apache.spark.sql.catalyst.expressions.AttributeSet;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.If;
import org.apache.spark.sql.catalyst.expressions.Literal$;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.expressions.RowOrdering;
import org.apache.spark.sql.catalyst.expressions.aggregate.AggregateExpression;
import org.apache.spark.sql.catalyst.expressions.aggregate.AggregateExpression$;
import org.apache.spark.sql.catalyst.expressions.aggregate.Complete$;
import org.apache.spark.sql.catalyst.expressions.aggregate.First;
import org.apache.spark.sql.catalyst.plans.logical.Aggregate;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.types.Metadata;
import scala.Option;
import scala.collection.immutable.Seq;

/**
 * Moves calls of {@link AiAgg} out of an aggregate into an {@link AskAggregate} below it, whose
 * results are what the first row of a group has.
 */
final class TextAggregates {

  private final Aggregate aggregate;
  private final Map<Expression, Attribute> keys = new LinkedHashMap<>();
  private final Map<Expression, Attribute> results = new HashMap<>();
  private final List<NamedExpression> made = new ArrayList<>();

  private TextAggregates(Aggregate aggregate) {
    this.aggregate = aggregate;
    Scalas.<Expression>list(aggregate.groupingExpressions()).forEach(this::addKey);
  }

  /** Whether an operator's own expressions have calls that are not yet asked. */
  static boolean in(LogicalPlan operator) {
    return !(operator instanceof AskAggregate)
        && Scalas.<Expression>list(operator.expressions()).stream()
            .anyMatch(expression -> expression.exists(e -> e instanceof AiAggregate));
  }

  /**
   * The operator without calls.
   *
   * @throws StrataException if they are used as they cannot be
   */
  static LogicalPlan extract(LogicalPlan operator) {
    if (!(operator instanceof Aggregate aggregate)) {
      throw StrataException.usage(
          "ai_agg stands in %s; it is an aggregate of GROUP BY, and no function of a window:"
              + " compute it by GROUP BY in a subquery, and join that",
          operator.nodeName());
    }
    if (aggregate.isStreaming()) {
      throw StrataException.usage(
          "ai_agg cannot aggregate a stream, whose groups are never complete; aggregate the rows of"
              + " each micro-batch with foreachBatch");
    }
    return new TextAggregates(aggregate).extracted();
  }

  private void addKey(Expression group) {
    if (!RowOrdering.isOrderable(group.dataType())) {
      throw StrataException.usage(
          "ai_agg: rows cannot be grouped by %s, which is %s and has no order",
          group.sql(), group.dataType().sql());
    }
    if (group instanceof Attribute column) {
      keys.put(group.canonicalized(), column);
    } else {
      Alias alias = Plans.alias(group, "key");
      made.add(alias);
      keys.put(group.canonicalized(), alias.toAttribute());
    }
  }

  private LogicalPlan extracted() {
    Map<String, List<AiAggregate>> calls = new LinkedHashMap<>();
    Map<String, List<Attribute>> columns = new LinkedHashMap<>();
    Scalas.<Expression>list(aggregate.expressions()).forEach(e -> collect(e, calls, columns));
    LogicalPlan plan = input();
    for (Map.Entry<String, List<AiAggregate>> ofModel : calls.entrySet()) {
      plan =
          new AskAggregate(
              Scalas.<Expression>seq(keys.values()),
              Scalas.seq(ofModel.getValue()),
              Scalas.seq(columns.get(ofModel.getKey())),
              plan);
    }
    return Plans.withChild(aggregate.mapExpressions(this::replaced), plan);
  }

  private void collect(
      Expression expression,
      Map<String, List<AiAggregate>> calls,
      Map<String, List<Attribute>> columns) {
    AiAggregate call = call(expression);
    if (call == null) {
      Scalas.<Expression>list(expression.children()).forEach(e -> collect(e, calls, columns));
      return;
    }
    AggregateExpression aggregated = (AggregateExpression) expression;
    if (aggregated.isDistinct()) {
      throw StrataException.usage(
          "ai_agg(DISTINCT ...) is not supported; select the distinct texts in a subquery first");
    }
    if (results.containsKey(key(aggregated))) {
      return;
    }
    Alias text = Plans.alias(text(call, aggregated.filter()), "text");
    made.add(text);
    Attribute result = result(call);
    results.put(key(aggregated), result);
    String model = String.valueOf(call.options().model());
    calls
        .computeIfAbsent(model, name -> new ArrayList<>())
        .add(new AiAggregate(call.function(), call.options(), Scalas.seqOf(text.toAttribute())));
    columns.computeIfAbsent(model, name -> new ArrayList<>()).add(result);
  }

  private static AiAggregate call(Expression expression) {
    return expression instanceof AggregateExpression aggregated
            && aggregated.aggregateFunction() instanceof AiAggregate call
        ? call
        : null;
  }

  /** What equal calls have in common. */
  private static Expression key(AggregateExpression aggregated) {
    return aggregated.canonicalized();
  }

  private static Expression text(AiAggregate call, Option<Expression> filter) {
    Expression text = call.children().head();
    return filter.isEmpty()
        ? text
        : new If(filter.get(), text, Literal$.MODULE$.create((Object) null, text.dataType()));
  }

  private static Attribute result(AiAggregate call) {
    return new AttributeReference(
        call.function().name(),
        call.dataType(),
        true,
        Metadata.empty(),
        NamedExpression.newExprId(),
        Scalas.seqOf());
  }

  /** The child with the columns that are needed, keys and texts among them. */
  private LogicalPlan input() {
    AttributeSet needed =
        aggregate
            .mapExpressions(this::replaced)
            .references()
            .$plus$plus(AttributeSet.apply(Scalas.<Expression>seq(keys.values())));
    List<NamedExpression> columns = new ArrayList<>();
    for (Attribute column : Scalas.<Attribute>list(aggregate.child().output())) {
      if (needed.contains(column)) {
        columns.add(column);
      }
    }
    columns.addAll(made);
    return new Project(Scalas.seq(columns), aggregate.child());
  }

  private Expression replaced(Expression expression) {
    Attribute key = keys.get(expression.canonicalized());
    if (key != null) {
      return expression instanceof Attribute ? expression : key;
    }
    if (call(expression) != null) {
      return first(results.get(key((AggregateExpression) expression)));
    }
    if (expression instanceof AggregateExpression) {
      return expression;
    }
    Seq<Expression> children =
        Scalas.seq(
            Scalas.<Expression>list(expression.children()).stream().map(this::replaced).toList());
    return expression.withNewChildren(children);
  }

  private static Expression first(Attribute result) {
    return AggregateExpression$.MODULE$.apply(
        new First(result, true), Complete$.MODULE$, false, Option.empty());
  }
}
