package dev.strata.udfs.sql;

import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataKeys;
import dev.strata.udfs.spark.Answer;
import dev.strata.udfs.spark.Question;
import dev.strata.udfs.spark.SamplingParameters;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.unsafe.types.UTF8String;

/** {@code ai_query}: a request to a model by name, with a type for the answer. */
final class AiQuery extends AiFunction {

  private static final long serialVersionUID = 1L;

  private static final String REQUEST = "request";
  private static final String RETURN_TYPE = "returnType";
  private static final String MODEL_PARAMETERS = "modelParameters";
  private static final String RESPONSE_FORMAT = "responseFormat";

  AiQuery() {
    super(
        "ai_query",
        "Asks a model, named by spark.strata.models.NAME; an answer to a returnType other than"
            + " STRING is read as JSON.",
        "SELECT ai_query('small', 'Name a color.'), ai_query('large', 'Describe: ' || name,"
            + " returnType => 'STRUCT<color: STRING, size: INT>', modelParameters =>"
            + " named_struct('max_tokens', 100, 'temperature', 0.2)) FROM products");
  }

  @Override
  Signature signature() {
    return Signature.of(
        name(),
        Parameter.constant(Signature.MODEL, DataTypes.StringType),
        Parameter.text(REQUEST),
        Parameter.option(RETURN_TYPE, DataTypes.StringType),
        Parameter.option(MODEL_PARAMETERS, null),
        Parameter.option(RESPONSE_FORMAT, null));
  }

  @Override
  void check(CallOptions options) {
    if (options.constant(RESPONSE_FORMAT) != null) {
      throw StrataException.usage(
          "ai_query: responseFormat cannot be kept to yet; give a returnType such as"
              + " 'STRUCT<name: STRING>', which answers are read as");
    }
    JsonAnswer.checkType(valueType(options));
    sampling(options);
  }

  private static SamplingParameters sampling(CallOptions options) {
    Object parameters = options.constant(MODEL_PARAMETERS);
    if (parameters == null) {
      return SamplingParameters.NONE;
    }
    if (!(parameters instanceof Row row && row.schema() != null)) {
      throw StrataException.usage(
          "ai_query: modelParameters is %s; it must be a struct such as"
              + " named_struct('max_tokens', 100)",
          parameters);
    }
    return SamplingParameters.of(row, "ai_query: modelParameters");
  }

  @Override
  DataType valueType(CallOptions options) {
    Object type = options.constant(RETURN_TYPE);
    if (type == null) {
      return DataTypes.StringType;
    }
    try {
      return DataType.fromDDL(type.toString());
    } catch (Exception e) { // Spark's is checked, but Scala does not declare it
      throw new StrataException(
          StrataException.Fault.USAGE,
          "ai_query: the returnType is '%s', which is no type of SQL".formatted(type),
          e);
    }
  }

  @Override
  CallTask task(CallOptions options, SessionPrompts prompts) {
    DataType type = valueType(options);
    FunctionPrompt prompt =
        type instanceof StringType
            ? prompts.bare(REQUEST)
            : prompts.prompt(
                StrataKeys.SQL_PROMPT_RETURN_TYPE, REQUEST, List.of(REQUEST, Task.RETURN_TYPE));
    return new Task(prompt, type, sampling(options));
  }

  private record Task(FunctionPrompt prompt, DataType type, SamplingParameters sampling)
      implements CallTask {

    private static final String RETURN_TYPE = "return_type";

    @Override
    public List<Question> questions(CallArguments arguments) {
      Map<String, String> values =
          Map.of(REQUEST, arguments.text(REQUEST), RETURN_TYPE, type.sql());
      return List.of(prompt.question(values, sampling));
    }

    @Override
    public Object value(List<Answer> answers) {
      return type instanceof StringType
          ? UTF8String.fromString(answers.get(0).completion().text())
          : JsonAnswer.read(answers.get(0).completion().text(), type);
    }
  }
}
