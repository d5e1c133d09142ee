package dev.strata.udfs.model;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;

/** Names that files of a checkpoint may have, on any file system. */
public final class FileNames {

  /** The one directory of a checkpoint with files of its own. */
  public static final String TEMPLATES = "additional_chat_templates";

  private static final String TEMPLATE_END = ".jinja";

  /** What a name may take on Linux, as UTF-8. */
  private static final int MOST_BYTES = 255;

  private FileNames() {}

  /**
   * Whether a name is that of a file within a directory: not empty, no path, and text that every
   * file system can keep.
   */
  public static boolean isPlain(String name) {
    return !name.isEmpty()
        && !name.equals(".")
        && !name.equals("..")
        && name.chars().noneMatch(c -> c == '/' || c == '\\' || Character.isISOControl(c))
        && fits(name);
  }

  private static boolean fits(String name) {
    try {
      ByteBuffer bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(name));
      return bytes.remaining() <= MOST_BYTES;
    } catch (CharacterCodingException e) { // half a character
      return false;
    }
  }

  /** The file of a chat template in {@link #TEMPLATES}. */
  public static String template(String name) {
    return TEMPLATES + "/" + name + TEMPLATE_END;
  }

  /** The names of chat templates among files of {@link #TEMPLATES}, in order. */
  public static List<String> templates(Stream<String> files) {
    return files
        .filter(file -> isPlain(file) && file.endsWith(TEMPLATE_END))
        .map(file -> file.substring(0, file.length() - TEMPLATE_END.length()))
        .sorted()
        .toList();
  }

  /**
   * Refuses names that are not plain, but for those in {@link #TEMPLATES}.
   *
   * @param directory the files' directory, for the message
   * @throws IllegalArgumentException for such a name
   */
  public static void require(String name, Object directory) {
    String prefix = TEMPLATES + "/";
    if (!isPlain(name.startsWith(prefix) ? name.substring(prefix.length()) : name)) {
      throw new IllegalArgumentException(name + " is not a file name in " + directory);
    }
  }
}
