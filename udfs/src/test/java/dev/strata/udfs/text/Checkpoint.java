package dev.strata.udfs.text;

import dev.strata.udfs.model.FileNames;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The files of a checkpoint in memory: those of a test resource, and others laid over them. */
final class Checkpoint {

  private final Map<String, byte[]> files = new HashMap<>();

  static Checkpoint of(String directory) {
    Checkpoint checkpoint = new Checkpoint();
    for (String name :
        new String[] {"tokenizer.json", "tokenizer_config.json", "chat_template.jinja"}) {
      try (InputStream stream =
          Checkpoint.class.getResourceAsStream("/text/" + directory + "/" + name)) {
        if (stream != null) {
          checkpoint.files.put(name, stream.readAllBytes());
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return checkpoint;
  }

  Checkpoint with(String name, String content) {
    files.put(name, content.getBytes(StandardCharsets.UTF_8));
    return this;
  }

  Checkpoint without(String name) {
    files.remove(name);
    return this;
  }

  ModelText load() {
    return ModelText.load(
        name -> Optional.ofNullable(files.get(name)), templates(files.keySet()), "/models/x");
  }

  /** The names of the templates among files. */
  static List<String> templates(Set<String> files) {
    String directory = FileNames.TEMPLATES + "/";
    return FileNames.templates(
        files.stream()
            .filter(name -> name.startsWith(directory))
            .map(name -> name.substring(directory.length())));
  }
}
