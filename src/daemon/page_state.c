/* Whether it is well, what to do if not, and how much there is. */
#include <errno.h>

#include "daemon/api_status.h"
#include "daemon/limits.h"
#include "daemon/page_private.h"

/* What `facts` has, in its order. */
enum { SUPPRESSED, BOUNCES, COMPLAINTS, SOFT, MANUAL, EVENTS, LAST_RECEIVED, FACTS };

struct state {
    struct buf attention; /* texts with a NUL behind each */
    size_t told;
    struct store_value fact[FACTS]; /* of 0 where there is none */
    bool has_topic;                 /* that has sent anything */
};

static int fact_take(void *context, const struct store_value *values, size_t count)
{
    static const char *const names[FACTS] = {"suppressed",           "suppressed_bounce",
                                             "suppressed_complaint", "suppressed_soft",
                                             "suppressed_manual",    "events",
                                             "last_received_at"};
    struct state *state = context;
    struct str name = output_find_text(values, count, "name");
    const struct store_value *value = output_find(values, count, "value");

    state->has_topic = state->has_topic || str_equal(name, STR("topic"));
    if (!value)
        return 0;
    for (size_t i = 0; i < FACTS; i++)
        if (str_equal(name, str_of(names[i])))
            state->fact[i] = *value;
    bool is_told = str_equal(name, STR("attention")) || str_equal(name, STR("alert"));

    if (!is_told || state->told == PAGE_ATTENTION_MAX)
        return 0;
    state->told++;
    int r = buf_append_str(&state->attention, value->text);
    return r == 0 ? buf_append(&state->attention, "", 1) : r;
}

/* It begins a sentence, unless with an ARN. */
static void sentence_put(struct html *html, struct str text)
{
    char first[] = {*text.data, '\0'};

    if (*first >= 'a' && *first <= 'z' && !str_starts_with(text, STR("arn:"))) {
        *first = (char)(*first - 'a' + 'A');
        html_text(html, str_of(first));
        text = str_skip(text, 1);
    }
    page_prose(html, text);
}

static void attention_put(struct html *html, struct state *state, size_t attention)
{
    struct str rest = buf_str(&state->attention);

    html_put(html, "<ul class=\"attention\">\n");
    while (rest.len > 0) {
        struct str text = str_of(rest.data);

        html_put(html, "<li>");
        if (text.len > 0)
            sentence_put(html, text);
        html_put(html, "</li>\n");
        rest = str_skip(rest, text.len + 1);
    }
    html_put(html, "</ul>\n");
    if (attention > state->told)
        html_fill(html, "<p>There are @ more: <code>sesbouncectl status</code></p>\n",
                  html_number(html, (int64_t)(attention - state->told)));
}

/* Nothing has ever arrived. */
static void first_steps_put(struct page *page)
{
    const struct settings_list *topics = &page->request->settings->sns.topic;
    struct html *html = &page->html;

    html_put(html, "<h2>What to do next</h2>\n<ol class=\"steps\">\n");
    if (topics->count == 0)
        html_put(
            html,
            "<li><b>Allow your topic.</b> Write <code>topic = ARN</code> under "
            "<code>[sns]</code> in the configuration, and restart the daemon.</li>\n");
    html_fill(
        html,
        "<li><b>Subscribe the daemon to it</b>, at the https URL under which SNS reaches "
        "it: <code>aws sns subscribe --topic-arn @ --protocol https "
        "--notification-endpoint https://bounces.example.com/sns</code>. It confirms by "
        "itself, and the topic appears here.</li>\n"
        "<li><b>Let SES publish</b> bounces and complaints to the topic, and for rates "
        "also sends and deliveries: step 5 of the README has the commands.</li>\n"
        "<li><b>Try it:</b> mail <code>@</code>, and look that address up here.</li>\n"
        "</ol>\n",
        topics->count == 1 ? str_of(topics->items[0]) : STR("ARN"),
        STR("bounce@simulator.amazonses.com"));
}

static void fact_put(struct html *html, const char *name, struct str value)
{
    html_fill(html, "<div><dt>@</dt><dd>@</dd></div>", str_of(name), value);
}

static void facts_put(struct html *html, const struct state *state)
{
    const struct store_value *fact = state->fact;

    html_put(html, "<dl class=\"facts\">");
    fact_put(html, "On the list", html_number(html, fact[SUPPRESSED].integer));
    fact_put(html, "for bounces", html_number(html, fact[BOUNCES].integer));
    fact_put(html, "for complaints", html_number(html, fact[COMPLAINTS].integer));
    fact_put(html, "for soft bounces", html_number(html, fact[SOFT].integer));
    fact_put(html, "by hand", html_number(html, fact[MANUAL].integer));
    fact_put(html, "Events kept", html_number(html, fact[EVENTS].integer));
    html_put(html, "<div><dt>Last message</dt><dd>");
    if (fact[LAST_RECEIVED].type == STORE_TIME)
        html_put_time(html, fact[LAST_RECEIVED].integer);
    else
        html_put(html, "none yet");
    html_put(html, "</dd></div></dl>\n");
}

static void title_put(struct html *html, size_t attention)
{
    static const char *const words[] = {"No",   "One", "Two",   "Three", "Four",
                                        "Five", "Six", "Seven", "Eight", "Nine"};

    html_fill(html, "<h1 id=\"state\">@ @ your attention</h1>\n",
              attention < sizeof(words) / sizeof(*words)
                  ? str_of(words[attention])
                  : html_number(html, (int64_t)attention),
              page_plural((int64_t)attention, STR("thing needs"), STR("things need")));
}

static void state_put(struct page *page, struct state *state, size_t attention)
{
    struct html *html = &page->html;
    bool is_new = state->fact[LAST_RECEIVED].type != STORE_TIME && !state->has_topic;

    html_fill(html, "<section class=\"state @\" aria-labelledby=\"state\">\n",
              is_new           ? STR("waiting")
              : attention == 0 ? STR("well")
                               : STR("unwell"));
    if (is_new)
        html_put(html, "<h1 id=\"state\">Waiting for the first message</h1>\n");
    else if (attention == 0)
        html_put(html, "<h1 id=\"state\">All is well</h1>\n<p>Messages arrive and are "
                       "stored, and nothing waits for you.</p>\n");
    else
        title_put(html, attention);
    if (attention > 0)
        attention_put(html, state, attention);
    if (is_new)
        first_steps_put(page);
    else
        facts_put(html, state);
    html_put(html, "</section>\n");
}

int page_state(struct page *page)
{
    _cleanup_(buf_done) struct buf attention = {.max = API_PAGE_BYTES};
    struct state state = {.attention = attention};
    const struct status_rows rows = {fact_take, &state, false};
    size_t count = 0;
    int r = api_status_rows(page->store, page->request, true, &rows, &count);

    if (r == 0)
        state_put(page, &state, count);
    buf_done(&state.attention);
    return r < 0 ? r : page->html.fault;
}
