package dev.strata.udfs.sql;

import dev.strata.udfs.api.StrataException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeReference;
import org.apache.spark.sql.catalyst.expressions.AttributeSet;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.plans.logical.Aggregate;
import org.apache.spark.sql.catalyst.plans.logical.Filter;
import org.apache.spark.sql.catalyst.plans.logical.Join;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.types.Metadata;

/** The calls of one operator: computed below it, and columns to it. */
final class OperatorCalls {

  private final LogicalPlan operator;
  private final Map<Expression, AiCall> calls = new LinkedHashMap<>();
  private final Map<Expression, Attribute> results = new HashMap<>();

  private OperatorCalls(LogicalPlan operator) {
    this.operator = operator;
    Scalas.<Expression>list(operator.expressions()).forEach(e -> Calls.collectInnermost(e, calls));
    // a condition of a correlated subquery has columns of a plan that it is not yet joined to
    calls.values().removeIf(call -> !call.references().subsetOf(operator.inputSet()));
  }

  /** The same operator without calls. */
  static LogicalPlan extract(LogicalPlan plan) {
    LogicalPlan guarded = BranchGuards.guard(plan);
    if (guarded instanceof Join join && JoinCalls.isOverBoth(join)) {
      return extract(JoinCalls.aboveJoin(join));
    }
    if (guarded instanceof Aggregate aggregate) {
      return AggregateCalls.extract(aggregate);
    }
    return extractInnermost(guarded instanceof Filter filter ? cheapFirst(filter) : guarded);
  }

  private static LogicalPlan extractInnermost(LogicalPlan plan) {
    OperatorCalls calls = new OperatorCalls(plan);
    return calls.calls.isEmpty() ? plan : calls.moved();
  }

  /** Conditions without calls go below, so that the model sees fewer rows. */
  private static Filter cheapFirst(Filter filter) {
    List<Expression> cheap = new ArrayList<>();
    List<Expression> dear = new ArrayList<>();
    for (Expression condition : Plans.conjuncts(filter.condition())) {
      (Calls.in(condition) ? dear : cheap).add(condition);
    }
    return cheap.isEmpty()
        ? filter
        : new Filter(Plans.and(dear), new Filter(Plans.and(cheap), filter.child()));
  }

  private LogicalPlan moved() {
    List<LogicalPlan> children = new ArrayList<>();
    for (LogicalPlan child : Scalas.<LogicalPlan>list(operator.children())) {
      children.add(asked(child));
    }
    for (AiCall call : calls.values()) {
      if (!results.containsKey(call.canonicalized())) {
        throw StrataException.usage(
            "%s needs columns of more than one input of %s; compute it in a subquery first",
            call, operator.nodeName());
      }
    }
    LogicalPlan inputs = operator.withNewChildren(Scalas.seq(children));
    LogicalPlan replaced = Plans.expressionsDown(inputs, this::replaced);
    LogicalPlan outer = Calls.in(replaced) ? extractInnermost(replaced) : replaced;
    return outer.output().equals(operator.output())
        ? outer
        : new Project(Scalas.seq(Scalas.<NamedExpression>list(operator.output())), outer);
  }

  private Expression replaced(Expression expression) {
    Attribute result =
        expression instanceof AiCall ? results.get(expression.canonicalized()) : null;
    return result == null ? expression : result;
  }

  /** A child with the results of the calls that are about its columns alone. */
  private LogicalPlan asked(LogicalPlan child) {
    LogicalPlan input = child;
    Map<Target, List<AiCall>> open = new LinkedHashMap<>();
    for (AiCall call : calls.values()) {
      boolean isMine = call.references().subsetOf(child.outputSet());
      if (!isMine || results.containsKey(call.canonicalized())) {
        continue;
      }
      Attribute known = KnownResults.find(input, call.canonicalized());
      if (known == null) {
        open.computeIfAbsent(Target.of(call), target -> new ArrayList<>()).add(call);
      } else {
        input = KnownResults.expose(input, known);
        results.put(call.canonicalized(), known);
      }
    }
    return open.isEmpty() ? input : ask(input, open);
  }

  /** One node for each model, since a task asks one engine at a time. */
  private LogicalPlan ask(LogicalPlan child, Map<Target, List<AiCall>> open) {
    // pruning of columns does not run again after this rule
    LogicalPlan plan =
        operator instanceof Project
            ? Plans.pruned(child, operator.references().$plus$plus(resultSet()))
            : child;
    for (List<AiCall> alike : open.values()) {
      List<Attribute> made = new ArrayList<>();
      for (AiCall call : alike) {
        Attribute result = result(call);
        made.add(result);
        results.put(call.canonicalized(), result);
      }
      plan = new AskModel(Scalas.seq(alike), Scalas.seq(made), plan);
    }
    return plan;
  }

  private AttributeSet resultSet() {
    return AttributeSet.apply(Scalas.<Expression>seq(new ArrayList<Expression>(results.values())));
  }

  private static Attribute result(AiCall call) {
    return new AttributeReference(
        call.function().name(),
        call.dataType(),
        true,
        Metadata.empty(),
        NamedExpression.newExprId(),
        Scalas.seqOf());
  }

  /** What calls of one node have in common. */
  private record Target(String model, boolean needsEngine) {

    static Target of(AiCall call) {
      return new Target(call.options().model(), call.function().needsEngine());
    }
  }
}
