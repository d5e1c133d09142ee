package dev.strata.udfs.sql;

import dev.strata.udfs.live.LiveView;
import java.util.Collections;
import java.util.Set;
import java.util.WeakHashMap;
import org.apache.spark.sql.SparkSessionExtensions;
import org.apache.spark.sql.SparkSessionExtensionsProvider;
import org.apache.spark.sql.catalyst.FunctionIdentifier;
import scala.Tuple3;
import scala.runtime.AbstractFunction1;
import scala.runtime.BoxedUnit;

/**
 * The functions in a session of Spark. Sessions find it by themselves where Strata's jar is on the
 * class path; to name it in {@code spark.sql.extensions} as well does no harm.
 */
public final class StrataExtensions extends AbstractFunction1<SparkSessionExtensions, BoxedUnit>
    implements SparkSessionExtensionsProvider {

  private static final Set<SparkSessionExtensions> KNOWING =
      Collections.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));

  @Override
  public BoxedUnit apply(SparkSessionExtensions extensions) {
    if (KNOWING.add(extensions)) {
      AiFunctions.ALL.forEach(function -> inject(extensions, function));
      extensions.injectPreCBORule(
          session -> {
            LiveView.watch(session.sparkContext());
            return new ExtractAiCalls();
          });
      extensions.injectPlannerStrategy(AskStrategy::new);
    }
    return BoxedUnit.UNIT;
  }

  private static void inject(SparkSessionExtensions extensions, AiFunction function) {
    extensions.injectFunction(
        new Tuple3<>(
            new FunctionIdentifier(function.name()),
            AiFunctions.info(function),
            arguments -> AiFunctions.call(function, arguments)));
  }
}
