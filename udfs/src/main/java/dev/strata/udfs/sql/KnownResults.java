package dev.strata.udfs.sql;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.plans.logical.Filter;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;

/** Finds equal calls that were asked below, such as that of WHERE for that of SELECT. */
final class KnownResults {

  private KnownResults() {}

  /** The result of a call, or null if it has not been asked. */
  static Attribute find(LogicalPlan plan, Expression call) {
    if (plan instanceof AskModel ask) {
      List<AiCall> calls = Scalas.list(ask.calls());
      for (int i = 0; i < calls.size(); i++) {
        if (calls.get(i).canonicalized().equals(call)) {
          return ask.results().apply(i);
        }
      }
    }
    return isTransparent(plan) ? find(plan.children().head(), call) : null;
  }

  /** Whether the columns of an operator that keeps them mean what they do below it. */
  private static boolean isTransparent(LogicalPlan plan) {
    return plan instanceof AskModel
        || plan instanceof Filter
        || (plan instanceof Project project
            && Scalas.<NamedExpression>list(project.projectList()).stream()
                .allMatch(e -> e instanceof Attribute));
  }

  /** The plan with a result that was found among its columns. */
  static LogicalPlan expose(LogicalPlan plan, Attribute result) {
    if (plan.outputSet().contains(result)) {
      return plan;
    }
    LogicalPlan below = expose(plan.children().head(), result);
    if (plan instanceof Project project) {
      List<NamedExpression> columns = new ArrayList<>(Scalas.list(project.projectList()));
      columns.add(result);
      return new Project(Scalas.seq(columns), below);
    }
    return Plans.withChild(plan, below);
  }
}
