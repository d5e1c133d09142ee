package dev.strata.udfs.sql;

import dev.strata.udfs.api.Message;
import dev.strata.udfs.api.SamplingOptions;
import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.decode.StopCondition;
import dev.strata.udfs.engine.Ask;
import dev.strata.udfs.engine.Engine;
import dev.strata.udfs.engine.EngineClient;
import dev.strata.udfs.engine.PromptTokens;
import dev.strata.udfs.engine.RowRequest;
import dev.strata.udfs.engine.RowResult;
import dev.strata.udfs.engine.ScoredTokens;
import dev.strata.udfs.store.Checkpoint;
import dev.strata.udfs.text.ModelText;
import dev.strata.udfs.text.RenderedPrompt;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.api.java.UDF2;
import org.apache.spark.sql.types.DataTypes;

/**
 * What the functions' results must be: answers of an engine of its own, one after another, to
 * prompts that are spelled here. Queries get them as ordinary functions, {@code ref_gen} for {@code
 * ai_gen}.
 */
final class ModelOracle implements AutoCloseable {

  static final Path MODEL = Path.of(System.getProperty("strata.root"), "datasets", "demo-model");

  private static ModelOracle running;

  private final Engine engine;
  private final ModelText text;
  private final Set<Integer> stops;
  private final int maxNewTokens;
  private final Map<String, String> answers = new HashMap<>();

  private ModelOracle(int maxNewTokens) {
    StrataConf conf =
        StrataConf.of(
            Map.of(
                "spark.strata.model", MODEL.toString(),
                "spark.strata.host.memory", "512m",
                "spark.strata.device", "cpu"));
    this.engine = Engine.start(conf.engineOptions());
    this.text = ModelText.load(ModelOracle::file, List.of(), MODEL.toString());
    this.stops = stopTokens();
    this.maxNewTokens = maxNewTokens;
  }

  private static Set<Integer> stopTokens() {
    try (Checkpoint checkpoint = Checkpoint.open(MODEL.toString())) {
      return checkpoint.generation().stopTokens();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Optional<byte[]> file(String name) {
    try {
      Path file = MODEL.resolve(name);
      return Files.exists(file) ? Optional.of(Files.readAllBytes(file)) : Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Starts one whose functions a session has. */
  static ModelOracle register(SparkSession spark, int maxNewTokens) {
    running = new ModelOracle(maxNewTokens);
    UDF1<String, String> gen = ModelOracle::ask;
    UDF2<String, String, String> translate =
        (content, language) -> ask("Translate the following text to " + language, content);
    UDF2<String, Integer, String> summarize =
        (content, words) ->
            ask(
                "Summarize the following text"
                    + (words == 0 ? "" : " in at most " + words + " words"),
                content);
    UDF1<String, Boolean> filter = ModelOracle::isYes;
    spark.udf().register("ref_filter", filter, DataTypes.BooleanType);
    spark.udf().register("ref_gen", gen, DataTypes.StringType);
    spark.udf().register("ref_translate", translate, DataTypes.StringType);
    spark.udf().register("ref_summarize", summarize, DataTypes.StringType);
    return running;
  }

  private static String ask(String instruction, String content) {
    return content == null ? null : ask(instruction + ".\n\n" + content);
  }

  /** The answer to a prompt, null to null. */
  static String ask(String prompt) {
    return prompt == null ? null : running.answer(prompt);
  }

  private synchronized String answer(String prompt) {
    return answers.computeIfAbsent(prompt, this::generate);
  }

  private String generate(String prompt) {
    int[] tokens = text.encode(List.of(new Message("user", prompt)));
    SamplingOptions greedy = SamplingOptions.greedy(maxNewTokens);
    try (EngineClient client = engine.open()) {
      client.submit(new RowRequest(0, tokens(tokens), greedy, 0, StopCondition.tokens(stops)));
      RowResult result = client.take();
      int[] made = result.tokens();
      boolean isStopped = stops.contains(made[made.length - 1]);
      return text.decode(isStopped ? Arrays.copyOf(made, made.length - 1) : made);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Boolean isYes(String question) {
    if (question == null) {
      return null;
    }
    String prompt = question + "\n\nAnswer with yes or no alone.";
    return logProbability(prompt, "yes") >= logProbability(prompt, "no");
  }

  /** The log-probability of an answer and the token that ends it, as that of a text read. */
  static double logProbability(String prompt, String answer) {
    ModelText text = running.text;
    String asked = text.render(List.of(new Message("user", prompt)));
    int before = text.encode(new RenderedPrompt(asked, false)).length;
    int[] all = text.encode(new RenderedPrompt(asked + answer + "<|end|>", false));
    return ScoredTokens.of(running.read(all, new Ask.Score(before))).sum();
  }

  private float[] read(int[] tokens, Ask ask) {
    try (EngineClient client = engine.open()) {
      client.submit(new RowRequest(0, tokens(tokens), ask));
      return client.take().values();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static PromptTokens tokens(int[] tokens) {
    return new PromptTokens() {
      @Override
      public int length() {
        return tokens.length;
      }

      @Override
      public void copyTo(int[] target) {
        System.arraycopy(tokens, 0, target, 0, tokens.length);
      }
    };
  }

  @Override
  public void close() {
    engine.close();
    text.close();
  }
}
