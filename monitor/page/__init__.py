"""The web page: plain ES modules that a browser loads as they are; deploy/page bundles them into few files.

frame/main.js reads the address, asks for the meters, and hands both to the view of a place. A view is a function that
returns a node, and what to do every five seconds (`tick`), every minute (`refresh`) and when it is left (`leave`). The
address is the whole state: a link or a reload shows the same again.

The rooms, from the top; each uses only those below it (tests/page/rooms.test.js):

    frame    the address, the list of places, the theme, what Home Assistant's app still lacks
    places   now, day, review, contracts, status: each with its view, its texts and its styles; none knows another
    sources  what a home has besides its meter, production and devices: names, columns, texts and blocks, which places
             put in without knowing what kind they are
    parts    tables, notices, legends, controls, alerts, and what is asked for again every minute
    chart    bars, heatmap, calendar, gauge, sparkline, and the curve of a day with uPlot
    base     the API, time and its zone, numbers and dates as people write them, the document, the router

Only base/api.js knows addresses of the API. Live values come as a stream (base/live.js), or by polling where a proxy
holds the stream back. All places but the first come in a second file, once one of them is opened (frame/others.js).
"""
