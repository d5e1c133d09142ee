package dev.strata.udfs.sql;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.Function2;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.execution.SparkPlan;
import scala.collection.immutable.Seq;

/** Asks for all rows of a partition at once. */
public final class AskModelExec extends AskExec {

  private static final long serialVersionUID = 1L;

  private final Seq<AiCall> calls;

  public AskModelExec(
      Seq<AiCall> calls, Seq<Attribute> results, AskOptions options, SparkPlan child) {
    super(results, options, child);
    this.calls = calls;
  }

  @Override
  Function2<Integer, Iterator<InternalRow>, Iterator<InternalRow>> task(AskedPart part) {
    List<EvaluatedCall> evaluated = new ArrayList<>();
    List<Expression> arguments = new ArrayList<>();
    for (AiCall call : Scalas.<AiCall>list(calls)) {
      evaluated.add(EvaluatedCall.of(call, options().prompts(), arguments.size()));
      arguments.addAll(Scalas.list(call.children()));
    }
    return new AskTask(List.copyOf(evaluated), Scalas.seq(arguments), part);
  }

  @Override
  public SparkPlan withNewChildInternal(SparkPlan newChild) {
    return new AskModelExec(calls, results(), options(), newChild);
  }

  @Override
  public List<Object> parts() {
    return List.of(calls, results(), options(), child());
  }
}
