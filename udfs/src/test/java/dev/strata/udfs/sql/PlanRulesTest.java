package dev.strata.udfs.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.plans.logical.LocalLimit;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Repartition;
import org.apache.spark.sql.catalyst.plans.logical.Sort;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each rule on plans; nothing is run. */
class PlanRulesTest {

  @TempDir static Path folder;

  private static SparkSession spark;

  @BeforeAll
  static void start() {
    spark = SqlSession.start(folder);
    spark.sparkContext().setLogLevel("ERROR");
    SqlSession.makeTable(spark, folder);
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  private static LogicalPlan analyzed(String query) {
    return spark.sql(query).queryExecution().analyzed();
  }

  private static LogicalPlan optimized(String query) {
    return spark.sql(query).queryExecution().optimizedPlan();
  }

  /** The names of a plan's operators, from the top, those of a subquery left out. */
  private static List<String> nodes(LogicalPlan plan) {
    return all(plan).stream().map(LogicalPlan::nodeName).toList();
  }

  private static List<AskModel> asks(LogicalPlan plan) {
    return of(AskModel.class, plan);
  }

  private static <P> List<P> of(Class<P> type, LogicalPlan plan) {
    return all(plan).stream().filter(type::isInstance).map(type::cast).toList();
  }

  private static List<LogicalPlan> all(LogicalPlan plan) {
    List<LogicalPlan> operators = new ArrayList<>();
    operators.add(plan);
    Scalas.<LogicalPlan>list(plan.children()).forEach(child -> operators.addAll(all(child)));
    return operators;
  }

  private static List<AiCall> calls(Expression expression) {
    List<AiCall> calls = new ArrayList<>();
    if (expression instanceof AiCall call) {
      calls.add(call);
    }
    Scalas.<Expression>list(expression.children()).forEach(child -> calls.addAll(calls(child)));
    return calls;
  }

  @Test
  void plansWithoutCallsAreLeftAlone() {
    LogicalPlan plan = optimized("SELECT id FROM t WHERE id > 3");
    assertThat(new ExtractAiCalls().apply(plan)).isSameAs(plan);
  }

  /**
   * A node is planned again as its query goes on: that it is the same is known by its options, and
   * a query whose nodes are never the same does not end.
   */
  @Test
  void optionsOfANodeThatIsPlannedAgainAreEqual() {
    Map<String, String> keys =
        Map.of(
            "spark.strata.chat.template.kwargs", "{\"tone\": [\"mild\", {\"x\": 1}]}",
            "spark.strata.chat.template.name", "default",
            "spark.strata.stop", "[\"END\", \"x\"]",
            "spark.strata.sql.prompt.filter", "Is it so? {{prompt}}",
            "spark.strata.row.options", "temperature,seed");
    assertThat(AskOptions.ofSession(null)).isEqualTo(AskOptions.ofSession(null));
    keys.forEach(
        (key, value) -> {
          AskOptions before = AskOptions.ofSession(null);
          spark.conf().set(key, value);
          try {
            assertThat(AskOptions.ofSession(null))
                .as(key)
                .isEqualTo(AskOptions.ofSession(null))
                .hasSameHashCodeAs(AskOptions.ofSession(null))
                .isNotEqualTo(before);
          } finally {
            spark.conf().unset(key);
          }
        });
  }

  /** The column that orders rows is in a projection of its own, above which it is dropped. */
  @Test
  void aLimitOrderedByAColumnThatIsNotSelectedIsBelowTheModel() {
    AskModel ask = asks(optimized("SELECT ai_gen(text) FROM t ORDER BY id LIMIT 2")).get(0);
    assertThat(nodes(ask.child())).contains("GlobalLimit", "Sort");
  }

  @Test
  void callsOfAProjectionAreOneNodeAboveTheColumnsThatItNeeds() {
    LogicalPlan plan = optimized("SELECT id, ai_gen(text), ai_fix_grammar(text) FROM t");
    AskModel ask = asks(plan).get(0);
    assertThat(asks(plan)).hasSize(1);
    assertThat(ask.calls().size()).isEqualTo(2);
    assertThat(ask.child().output().mkString(",")).doesNotContain("k#");
    assertThat(plan.output().mkString(",")).contains("id#");
  }

  @Test
  void eachModelHasANode() {
    LogicalPlan plan =
        optimized(
            "SELECT ai_gen(text), ai_gen(text, model => 'demo'), ai_count_tokens(text) FROM t");
    assertThat(asks(plan)).hasSize(3);
  }

  @Test
  void conditionsWithoutCallsAreFilteredByFirst() {
    LogicalPlan plan =
        optimized("SELECT id FROM t WHERE ai_gen(text) > 'c' AND length(k) + id > 3");
    List<String> nodes = nodes(plan);
    assertThat(nodes.indexOf("AskModel")).isLessThan(nodes.lastIndexOf("Filter"));
    assertThat(nodes.indexOf("Filter")).isLessThan(nodes.indexOf("AskModel"));
    assertThat(asks(plan).get(0).child().toString()).contains("length(k");
  }

  @Test
  void theCallOfAConditionIsThatOfTheColumn() {
    assertThat(asks(optimized("SELECT ai_gen(text) FROM t WHERE ai_gen(text) > 'c'"))).hasSize(1);
    assertThat(asks(optimized("SELECT ai_gen(k) FROM t WHERE ai_gen(text) > 'c'"))).hasSize(2);
  }

  @Test
  void limitsGoBelow() {
    LogicalPlan plan = optimized("SELECT ai_gen(text) FROM t LIMIT 2");
    assertThat(nodes(asks(plan).get(0).child())).contains("LocalLimit");
    LogicalPlan known = LimitPushdown.push(new LocalLimit(limit(plan), asks(plan).get(0)));
    assertThat(nodes(known)).startsWith("LocalLimit", "AskModel", "LocalLimit");
    assertThat(nodes(known).stream().filter("LocalLimit"::equals)).hasSize(2);
    LogicalPlan filtered = optimized("SELECT id FROM t WHERE ai_gen(text) > 'c' LIMIT 2");
    assertThat(nodes(asks(filtered).get(0).child())).doesNotContain("LocalLimit");
  }

  private static Expression limit(LogicalPlan plan) {
    return of(LocalLimit.class, plan).get(0).limitExpr();
  }

  @Test
  void aProjectionIsLiftedAboveASortThatDoesNotNeedIt() {
    String query = "SELECT id, ai_gen(text) AS u FROM t ORDER BY %s LIMIT 3";
    assertThat(nodes(asks(optimized(query.formatted("id"))).get(0).child())).contains("Sort");
    assertThat(nodes(asks(optimized(query.formatted("u"))).get(0).child())).doesNotContain("Sort");
    LogicalPlan plain = analyzed("SELECT id, text FROM t ORDER BY id LIMIT 3");
    assertThat(Plans.up(plain, SortedLimits::lift)).isEqualTo(plain);
  }

  @Test
  void rowsThatAreReadTwiceAreShuffledFirst() {
    LogicalPlan sorted = optimized("SELECT id, ai_gen(text) AS u FROM t ORDER BY u");
    assertThat(of(Sort.class, sorted).get(0).child()).isInstanceOf(Repartition.class);
    LogicalPlan twice =
        optimized(
            "WITH g AS (SELECT id, ai_gen(text) AS u FROM t)"
                + " SELECT * FROM g x JOIN g y ON x.id = y.id");
    assertThat(nodes(twice).stream().filter("Repartition"::equals)).hasSize(2);
    LogicalPlan once = optimized("SELECT id, ai_gen(text) AS u FROM t");
    assertThat(nodes(once)).doesNotContain("Repartition");
  }

  @Test
  void joinsAskOneSideOrTheirPairs() {
    LogicalPlan side =
        optimized("SELECT a.id FROM t a JOIN t b ON ai_gen(a.text) = b.text AND a.id = b.id");
    List<String> nodes = nodes(side);
    assertThat(nodes.indexOf("Join")).isLessThan(nodes.indexOf("AskModel"));
    LogicalPlan pairs =
        optimized("SELECT a.id FROM t a JOIN t b ON ai_gen(a.text || b.k) > 'c' AND a.id = b.id");
    nodes = nodes(pairs);
    assertThat(nodes.indexOf("AskModel")).isLessThan(nodes.indexOf("Join"));
    assertThatThrownBy(
            () -> optimized("SELECT a.id FROM t a LEFT JOIN t b ON ai_gen(a.text || b.k) > 'c'"))
        .hasMessageContaining(
            "the condition of a LEFT OUTER join has a call about columns of both");
  }

  @Test
  void aggregatesAskBelowOrAbove() {
    List<String> below = nodes(optimized("SELECT k, max(ai_gen(text)) FROM t GROUP BY k"));
    assertThat(below.indexOf("Aggregate")).isLessThan(below.indexOf("AskModel"));
    List<String> above = nodes(optimized("SELECT k, ai_gen(max(text)) FROM t GROUP BY k"));
    assertThat(above.indexOf("AskModel")).isLessThan(above.indexOf("Aggregate"));
  }

  @Test
  void branchesGuardTheirCalls() {
    String guarded = call("CASE WHEN id < 3 THEN k ELSE ai_gen(text) END");
    assertThat(guarded).contains("if (NOT ((id").contains("<=> true");
    assertThat(call("coalesce(k, ai_gen(text))")).contains("if (isnull(k");
    assertThat(call("if(id < 3, ai_gen(text), concat(ai_gen(text)))")).contains(" OR ");
    assertThat(call("concat(ai_gen(text), if(id < 3, ai_gen(text), k))")).doesNotContain("if (");
    assertThat(call("if(rand() < 0.5, ai_gen(text), k)")).doesNotContain("if (");
  }

  /** The call of an expression in its guards. */
  private static String call(String expression) {
    LogicalPlan plan = BranchGuards.guard(analyzed("SELECT " + expression + " AS c FROM t"));
    return Scalas.<Expression>list(plan.expressions()).stream()
        .flatMap(column -> calls(column).stream())
        .findFirst()
        .orElseThrow()
        .toString();
  }

  @Test
  void equalCallsAreEqualPlans() {
    String query = "SELECT id, ai_gen(text, model => 'demo') AS u FROM t";
    assertThat(optimized(query).sameResult(optimized(query))).isTrue();
    assertThat(optimized(query).sameResult(optimized(query.replace("demo", "other")))).isFalse();
  }
}
