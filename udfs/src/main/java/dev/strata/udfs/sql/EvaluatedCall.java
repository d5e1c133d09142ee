package dev.strata.udfs.sql;

import dev.strata.udfs.api.RowException;
import dev.strata.udfs.spark.Answer;
import dev.strata.udfs.spark.Question;
import dev.strata.udfs.spark.SamplingParameters;
import dev.strata.udfs.spark.TextQuestion;
import dev.strata.udfs.spark.TokenCounter;
import dev.strata.udfs.text.TemplateArguments;
import java.io.Serializable;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.types.DataType;

/**
 * A call as executors have it.
 *
 * @param from where its arguments begin among those of all calls
 * @param task null for a call that counts tokens
 */
record EvaluatedCall(
    String function,
    List<String> names,
    List<DataType> types,
    int from,
    OnError onError,
    CallTask task)
    implements Serializable {

  /**
   * A result.
   *
   * @param error why the call failed; null if it did not
   */
  record Result(Object value, String error) {}

  static EvaluatedCall of(AiCall call, SessionPrompts prompts, int from) {
    AiFunction function = call.function();
    List<DataType> types =
        Scalas.<Expression>list(call.children()).stream().map(Expression::dataType).toList();
    return new EvaluatedCall(
        function.name(),
        function.signature().rowNames(),
        types,
        from,
        function.onError(call.options()),
        function.needsEngine() ? function.task(call.options(), prompts) : null);
  }

  /** The arguments of a row, null where one of them is NULL. */
  CallArguments arguments(InternalRow row) {
    return CallArguments.read(names, types, row, from);
  }

  /** What a row asks; nothing where an argument is NULL. */
  List<Question> questions(InternalRow row) {
    CallArguments arguments = arguments(row);
    if (arguments == null) {
      return List.of();
    }
    try {
      return task.questions(arguments);
    } catch (RowException e) {
      return List.of(failing(e));
    }
  }

  /** A question whose answer is the error. */
  private static Question failing(RowException error) {
    return TextQuestion.of(
        own -> {
          throw error;
        },
        TemplateArguments.NONE,
        SamplingParameters.NONE);
  }

  /** The result of the answers to a row's questions, of which there are none for NULL. */
  Result result(List<Answer> answers) {
    if (answers.isEmpty()) {
      return new Result(null, null);
    }
    try {
      requireAll(answers);
      return new Result(onError.result(task.value(answers)), null);
    } catch (RowException e) {
      return new Result(failed(e.getMessage()), e.getMessage());
    }
  }

  private Object failed(String error) {
    Object own = onError == OnError.FAIL ? null : task.failed(error);
    return own == null ? onError.failed(function, error) : own;
  }

  private static void requireAll(List<Answer> answers) {
    for (Answer answer : answers) {
      if (answer.completion().error() != null) {
        throw new RowException(answer.completion().error());
      }
    }
  }

  /** The result of a call that counts tokens. */
  Result counted(InternalRow row, TokenCounter counter) {
    CallArguments arguments = arguments(row);
    if (arguments == null) {
      return new Result(null, null);
    }
    try {
      return new Result(onError.result(counter.count(arguments.text(names.get(0)))), null);
    } catch (RowException e) {
      return new Result(onError.failed(function, e.getMessage()), e.getMessage());
    }
  }
}
