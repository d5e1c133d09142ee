package dev.strata.udfs.tools;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.strata.udfs.api.StrataException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/**
 * The shape of a published model, as its {@code config.json} has it.
 *
 * @param name what it is called
 * @param published the text of {@code config.json}, as far as it says how the model computes
 * @param layers how many of its layers
 * @param expertSkew how far experts differ in how often tokens choose them
 */
record PublishedShape(String name, String published, int layers, double expertSkew)
    implements CheckpointShape {

  private static final String LAYERS = "num_hidden_layers";

  /** Beside what a published configuration has, so that another skew is another checkpoint. */
  private static final String SKEW = "random_expert_skew";

  /** The shape whose configuration lies beside this class under that name. */
  static PublishedShape named(String name) {
    String text = text(name + ".json");
    int layers = JsonParser.parseString(text).getAsJsonObject().get(LAYERS).getAsInt();
    return new PublishedShape(name, text, layers, RouterSpread.USUAL_SKEW);
  }

  private static String text(String resource) {
    try (InputStream in = PublishedShape.class.getResourceAsStream(resource)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public PublishedShape withLayers(int count) {
    return new PublishedShape(name, published, count, expertSkew);
  }

  @Override
  public PublishedShape withExpertSkew(double skew) {
    if (!hasExperts()) {
      throw StrataException.usage("%s has no experts, whose choice could be skewed", name);
    }
    return new PublishedShape(name, published, layers, skew);
  }

  private boolean hasExperts() {
    return spec().mostChosen() > 0;
  }

  @Override
  public String config() {
    JsonObject config = JsonParser.parseString(published).getAsJsonObject();
    config.addProperty(LAYERS, layers);
    config.addProperty(SKEW, expertSkew);
    return config.toString();
  }
}
