package dev.strata.udfs.sql;

import dev.strata.udfs.spark.DealtRows;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.function.Function2;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.execution.ColumnarToRowExec;
import org.apache.spark.sql.execution.FileSourceScanExec;
import org.apache.spark.sql.execution.FilterExec;
import org.apache.spark.sql.execution.InputAdapter;
import org.apache.spark.sql.execution.ProjectExec;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.WholeStageCodegenExec;
import scala.collection.immutable.Seq;

/** Asks for all rows of a partition at once. */
public final class AskModelExec extends AskExec {

  private static final long serialVersionUID = 1L;

  private final Seq<AiCall> calls;

  public AskModelExec(
      Seq<AiCall> calls,
      Seq<Attribute> results,
      AskOptions options,
      AskJournal journal,
      SparkPlan child) {
    super(results, options, journal, child);
    this.calls = calls;
  }

  @Override
  boolean isDealt() {
    return journal().isKept();
  }

  @Override
  JavaRDD<InternalRow> dealt(JavaRDD<InternalRow> rows) {
    if (!isDealt()) {
      return rows;
    }
    Seq<Expression> arguments = arguments();
    boolean isReading =
        isReading(child())
            && Scalas.<Expression>list(arguments).stream().allMatch(Expression::deterministic);
    return DealtRows.of(
        rows, rows.getNumPartitions(), new CallBuckets(arguments, child().output()), isReading);
  }

  /** Whether a plan reads files, and takes some of their rows and columns. */
  private static boolean isReading(SparkPlan plan) {
    boolean isPlain =
        plan instanceof FileSourceScanExec
            || plan instanceof FilterExec
            || plan instanceof ProjectExec
            || plan instanceof WholeStageCodegenExec
            || plan instanceof InputAdapter
            || plan instanceof ColumnarToRowExec;
    return isPlain
        && Scalas.<Expression>list(plan.expressions()).stream().allMatch(Expression::deterministic)
        && Scalas.<SparkPlan>list(plan.children()).stream().allMatch(AskModelExec::isReading);
  }

  /** Those of all calls, one call after another. */
  private Seq<Expression> arguments() {
    List<Expression> arguments = new ArrayList<>();
    Scalas.<AiCall>list(calls).forEach(call -> arguments.addAll(Scalas.list(call.children())));
    return Scalas.seq(arguments);
  }

  @Override
  Function2<Integer, Iterator<InternalRow>, Iterator<InternalRow>> task(AskedPart part) {
    List<EvaluatedCall> evaluated = new ArrayList<>();
    int from = 0;
    for (AiCall call : Scalas.<AiCall>list(calls)) {
      evaluated.add(EvaluatedCall.of(call, options().prompts(), from));
      from += call.children().size();
    }
    return new AskTask(List.copyOf(evaluated), arguments(), part, !isDealt());
  }

  @Override
  public SparkPlan withNewChildInternal(SparkPlan newChild) {
    return new AskModelExec(calls, results(), options(), journal(), newChild);
  }

  @Override
  public List<Object> parts() {
    return List.of(calls, results(), options(), journal(), child());
  }
}
